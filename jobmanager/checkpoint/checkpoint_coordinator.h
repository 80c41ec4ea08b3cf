#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/concurrency/executor.h"
#include "common/fs/file_system.h"
#include "common/graph/job_graph.h"
#include "common/runtime/deployment.h"
#include "common/runtime/messages.h"
#include "jobmanager/checkpoint/checkpoint_history.h"
#include "jobmanager/checkpoint/completed_checkpoint_store.h"
#include "jobmanager/checkpoint/file_work.h"
#include "jobmanager/checkpoint/handle_discarder.h"
#include "jobmanager/checkpoint/pending_checkpoint.h"
#include "jobmanager/checkpoint/state_blobs.h"
#include "jobmanager/ha/checkpoint_pointer.h"

namespace weir::jobmanager {

/// The tasks of the attempt that runs, as the coordinator sees them.
class CheckpointedTasks {
 public:
  virtual ~CheckpointedTasks() = default;
  /// Hands the order to every task manager that runs sources, each in the order of these calls.
  virtual void trigger(const runtime::CheckpointOrder& order) = 0;
  /// Tells every task that a checkpoint completed or was aborted.
  virtual void notify(CheckpointId checkpoint, bool completed) = 0;
  virtual std::string describe(const runtime::TaskId& task) const = 0;
  /// `retained`, oldest first, are durable and become all that the job recovers from. The one that
  /// is new among them completes, and older ones are discarded, only when this answers with ok.
  /// Answers once, on the strand, perhaps within the call; is called again only after it answered.
  virtual void point(std::vector<ha::CheckpointPointer> retained,
                     Callback<std::monostate> done) = 0;
  /// A checkpoint or savepoint completed: what the job was restored from is needed no more.
  virtual void checkpointCompleted(CheckpointId checkpoint) = 0;
};

/// What all coordinators of a job manager share. Borrowed from the dispatcher's owner.
struct CheckpointServices {
  concurrency::Executor& strand;
  concurrency::Executor& io;
  const Clock& clock;
  fs::FileSystem& files;
  StateBlobs& blobs;
  HandleDiscarder& discarder;
  FileWork::Bounds file_bounds = {};
};

/// Takes the checkpoints and savepoints of one job, over all its attempts, in one sequence of ids.
///
/// A snapshot is pending while tasks acknowledge, then it is completed by writing its metadata (and
/// savepoint), and from then on it is the newest that the job can be restored from. stop() ends
/// what is pending; what all tasks have acknowledged is always completed. State that belongs to no
/// completed snapshot is discarded.
///
/// A periodic checkpoint counts as concurrent until it is stored, and none begins while too many
/// removals of old ones are outstanding: a slow file system makes checkpoints rare, never many.
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
    std::size_t history = 100;
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
  void continueAfter(CheckpointId restored) { next_ = restored.next(); }

  /// The job was taken up again: these, oldest first, are what it recovers from.
  void resume(std::vector<CompletedCheckpoint> retained);

  /// All tasks run: the first checkpoint is due in one interval.
  void start();
  /// The attempt ends, for the reason that those who wait are told.
  void stop(const Error& why);
  /// No task of the attempt lives any more: what they left behind is removed.
  void attemptEnded();

  /// Only between start() and stop(); else answers with an error.
  void takeSavepoint(SavepointOrder order);
  /// The checkpoint of a job whose inputs have ended; no periodic ones follow.
  void takeFinal(Callback<CheckpointId> done);
  void acknowledge(const runtime::CheckpointAck& ack);
  void decline(const runtime::CheckpointDecline& decline);
  /// Removes the state of an acknowledgement from another attempt.
  void discardLate(const runtime::CheckpointAck& ack);

  bool running() const { return running_; }
  /// Null for a job without state handles of its own making.
  const std::shared_ptr<const runtime::JobProgram>& program() const { return setup_.program; }
  bool hasPendingSavepoints() const;
  /// Calls `done` once nothing is being written or removed.
  void whenSettled(std::function<void()> done) { work_.whenIdle(std::move(done)); }

  /// nullptr while there is none.
  const CompletedCheckpoint* latest() const { return store_.latest(); }
  /// A savepoint of this job was disposed. True when the job still needs the data, which then goes
  /// with the job's next checkpoint; false when the caller removes it.
  bool releaseSavepoint(CheckpointId id);
  bool owns(CheckpointId id) const { return store_.contains(id); }
  /// The job has ended: discards what it needs no more, but for the latest one if `keep_latest`.
  void end(bool keep_latest, std::function<void()> done);

  const CheckpointHistory& history() const { return history_; }

 private:
  using Pending = std::unique_ptr<PendingCheckpoint>;
  /// Durable, and not yet what the job recovers from.
  struct Written {
    std::shared_ptr<PendingCheckpoint> pending;  // Shared with the work that wrote it.
    CompletedCheckpoint completed;
    KeptSavepoint kept;
  };

  CheckpointId trigger(SnapshotKind kind,
                       SavepointOrder savepoint,
                       Callback<CheckpointId> final_done);
  void scheduleTick(Duration delay);
  void tick();
  void fireQueued();
  bool mustWait();
  Status take(const runtime::CheckpointAck& ack);
  void giveBack(const runtime::CheckpointAck& ack);
  void abort(CheckpointId id, const Error& why);
  void fail(PendingCheckpoint& pending, const Error& why);
  void complete(Pending pending);
  void keepSavepoint(std::shared_ptr<PendingCheckpoint> pending,
                     runtime::CheckpointMetadata metadata);
  void finish(Written written);
  void pointToNext();
  void pointed(const Status& pointed);
  void store(Written& written, bool pointed);
  void reportCompleted(const PendingCheckpoint& pending, const std::string& path);
  void writeFailed(PendingCheckpoint& pending, const Error& why);
  void subsumeOlderThan(CheckpointId id);
  void discard(CompletedCheckpoint checkpoint);
  void discardAcks(PendingCheckpoint& pending);
  void discardHandles(CheckpointId id,
                      std::vector<OwnedHandle> handles,
                      std::function<void()> then);
  std::vector<OwnedHandle> handlesOf(const CompletedCheckpoint& checkpoint) const;
  void removeFiles(CheckpointId id, std::vector<std::string> names);
  void removeDirectory(const std::string& directory, std::vector<std::string> names);
  void removalEnded();
  void remember(CheckpointId aborted);
  std::string directoryOf(CheckpointId id) const;
  void reportProgress(const PendingCheckpoint& pending);
  std::set<std::string> keptDirectories(bool keep_latest) const;
  void sweepJobDirectory(const std::set<std::string>& kept);
  bool onFiles() const {
    return setup_.storage.kind == runtime::CheckpointStorage::Kind::kFileSystem;
  }

  CheckpointServices services_;
  const graph::JobGraph& graph_;  // Borrowed from the job, like `tasks_`.
  const Setup setup_;
  CheckpointedTasks& tasks_;
  std::uint32_t subtasks_ = 0;
  CheckpointId next_{1};
  bool running_ = false;
  bool marked_ = false;   // The mark that the job lives stands in its directory.
  bool resumed_ = false;  // Savepoints of before may lie in the job's directory, unknown.
  bool finishing_ = false;
  bool queued_ = false;  // A periodic one is due and waits for room.
  SteadyTime last_end_{};
  std::size_t unstored_ = 0;   // Periodic ones, from their trigger until they are stored or failed.
  std::size_t removals_ = 0;   // Of files and handles, outstanding.
  bool removals_lag_ = false;  // Said once, until all are done.
  std::size_t completing_savepoints_ = 0;  // Acknowledged by all tasks, being written.
  std::map<CheckpointId, Pending> pending_;
  std::deque<Written> written_;      // The job store takes the pointer of the first one.
  std::set<CheckpointId> aborted_;   // The last ones: what arrives late for them is removed.
  std::set<CheckpointId> leftover_;  // Aborted in this attempt: swept when no task lives.
  /// Of a savepoint that has copied all other state: its handles are its own.
  std::set<CheckpointId> handles_kept_;
  /// Of the aborted: what was acknowledged twice is discarded once.
  std::map<CheckpointId, std::set<runtime::TaskId>> discarded_tasks_;
  std::multiset<CheckpointId> discarding_;  // Their handles are being discarded.
  std::set<CheckpointId> undiscarded_;      // Their handles could not be: their files stay.
  CompletedCheckpointStore store_;
  CheckpointHistory history_;
  FileWork work_;
  FileWork discards_;  // Held while user code discards handles; nobody but end() waits for it.
  std::unique_ptr<concurrency::Executor::Timer> tick_;
};

}  // namespace weir::jobmanager
