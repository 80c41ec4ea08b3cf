#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/concurrency/executor.h"
#include "common/graph/job_graph.h"
#include "common/runtime/deployment.h"
#include "common/runtime/messages.h"
#include "jobmanager/checkpoint/checkpoint_history.h"
#include "jobmanager/checkpoint/checkpoint_pacer.h"
#include "jobmanager/checkpoint/checkpoint_retention.h"
#include "jobmanager/checkpoint/checkpoint_services.h"
#include "jobmanager/checkpoint/checkpoint_writer.h"
#include "jobmanager/checkpoint/checkpointed_tasks.h"
#include "jobmanager/checkpoint/completed_checkpoint_store.h"
#include "jobmanager/checkpoint/file_work.h"
#include "jobmanager/checkpoint/pending_checkpoint.h"
#include "jobmanager/checkpoint/pending_checkpoints.h"

namespace weir::jobmanager {

/// Takes the checkpoints and savepoints of one job, over all its attempts, in one sequence of ids.
///
/// A snapshot is pending while tasks acknowledge, then it is completed by writing its metadata (and
/// savepoint) and pointing to it, and from then on it is the newest that the job can be restored
/// from; tasks are notified, and older ones go. stop() ends what is pending; what all tasks have
/// acknowledged is always completed. State that belongs to no completed snapshot is discarded.
/// When the next one begins, what is pending, how one becomes durable, and which are kept is left
/// to CheckpointPacer, PendingCheckpoints, CheckpointWriter and CheckpointRetention.
///
/// Threads: the strand; callbacks come on it. Every callback is called exactly once.
class CheckpointCoordinator {
 public:
  struct Setup {
    SnapshotOrigin origin;
    /// Of a job with state handles of its own making; else null. Shared with its savepoints.
    std::shared_ptr<const runtime::JobProgram> program;
    runtime::CheckpointStorage storage;
    std::size_t retained = 1;
    CheckpointHistory::Bounds history = {};
    std::size_t most_removals = 16;            ///< Outstanding at once, for the next one to begin.
    std::uint64_t metadata_limit = 256 << 20;  ///< Of the metadata file that is written.
    std::string holder = {};  ///< This process, for the mark that the job lives; see mark_holder.h.
  };

  /// `graph` and `tasks` outlive the coordinator.
  CheckpointCoordinator(const CheckpointServices& services,
                        const graph::JobGraph& graph,
                        Setup setup,
                        CheckpointedTasks& tasks);

  /// The id after that of the snapshot that the job was restored from.
  void continueAfter(CheckpointId restored) { retention_.stored().continueAfter(restored); }

  /// The job was taken up again: `stored` is what is known of its checkpoints, and these, oldest
  /// first, are what it recovers from. What was being discarded is; what was begun and not stored
  /// goes at the first start(), when no task of the earlier leader writes any more. Of a job that
  /// had ended, none is read: what was retained stays.
  void resume(const ha::JobCheckpoints& stored, std::vector<CompletedCheckpoint> retained) {
    retention_.resume(stored, std::move(retained));
  }

  /// Before start(), instead of it where the tasks finish: those of an attempt of an earlier leader
  /// go on. They hear again of the latest checkpoint, and that no other one is pending.
  void adopt();
  /// All tasks run: the first checkpoint is due in one interval.
  void start();
  /// The next periodic checkpoint is due now, if there are any.
  void checkpointSoon() { pacer_.soon(); }
  /// The attempt ends, for the reason that those who wait are told.
  void stop(const Error& why);
  /// No task of the attempt lives any more: what they left behind is removed.
  void attemptEnded();

  /// Only between start() and stop(); else answers with an error.
  void takeSavepoint(SavepointCallbacks savepoint);
  /// The checkpoint of a job whose inputs have ended; no periodic ones follow.
  void takeFinal(Callback<CheckpointId> done);
  void acknowledge(const runtime::CheckpointAck& ack) { pending_.acknowledge(ack); }
  void decline(const runtime::CheckpointDecline& decline) { pending_.decline(decline); }
  /// Removes the state of an acknowledgement from another attempt.
  void discardLate(const runtime::CheckpointAck& ack);

  bool running() const { return running_; }
  /// Of the job's checkpoints; empty when state is on the job manager.
  const std::string& directory() const { return directory_; }
  /// Null for a job without state handles of its own making.
  const std::shared_ptr<const runtime::JobProgram>& program() const { return setup_.program; }
  bool hasPendingSavepoints() const;
  /// Calls `done` once nothing is being written or removed.
  void whenSettled(std::function<void()> done) { work_.whenIdle(std::move(done)); }

  /// nullptr while there is none.
  const CompletedCheckpoint* latest() const { return retention_.latest(); }
  /// A savepoint of this job was disposed. True when the job still needs the data, which then goes
  /// with the job's next checkpoint; false when the caller removes it.
  bool releaseSavepoint(CheckpointId id) { return retention_.releaseSavepoint(id); }
  bool owns(CheckpointId id) const { return retention_.contains(id); }
  /// The job has come to `result`: stores that, and that it needs no more but the latest one if
  /// `keep_latest`.
  void storeEnd(runtime::JobResult result, bool keep_latest, Callback<std::monostate> done) {
    retention_.stored().end(std::move(result), keep_latest && onFiles(), std::move(done));
  }
  /// The job has ended: discards what it needs no more, but for the latest one if `keep_latest`.
  void end(bool keep_latest, std::function<void()> done) {
    retention_.end(keep_latest && onFiles(), std::move(done));
  }

  StoredCheckpoints& storedCheckpoints() { return retention_.stored(); }
  const CheckpointHistory& history() const { return history_; }

 private:
  void aborted(PendingCheckpoint& pending, const Error& why);
  void fail(Wanted& wanted, const Error& why);
  void complete(PendingCheckpoints::Pending pending);
  void stored(WrittenCheckpoint& written, bool pointed);
  void answer(PendingCheckpoint& pending, const runtime::SavepointResult& result, bool pointed);
  void recordCompleted(WrittenCheckpoint& written, bool pointed);
  void reportCompleted(const PendingCheckpoint& pending, const std::string& path);
  bool onFiles() const { return !directory_.empty(); }

  CheckpointServices services_;
  const graph::JobGraph& graph_;  // Borrowed from the job, like `tasks_`.
  const Setup setup_;
  const std::string
      directory_;  // Of the job's checkpoints; empty when state is on the job manager.
  CheckpointedTasks& tasks_;
  bool running_ = false;
  FileWork work_;  // Before those who use it.
  CheckpointRetention retention_;
  CheckpointHistory history_;
  PendingCheckpoints pending_;
  CheckpointWriter writer_;
  CheckpointPacer pacer_;
};

}  // namespace weir::jobmanager
