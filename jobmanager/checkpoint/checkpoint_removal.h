#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/graph/job_graph.h"
#include "common/runtime/deployment.h"
#include "common/runtime/messages.h"
#include "jobmanager/checkpoint/checkpoint_files.h"
#include "jobmanager/checkpoint/checkpoint_services.h"
#include "jobmanager/checkpoint/completed_checkpoint_store.h"
#include "jobmanager/checkpoint/file_work.h"
#include "jobmanager/checkpoint/handle_discarder.h"
#include "jobmanager/checkpoint/left_checkpoints.h"

namespace weir::jobmanager {

/// Removes what the checkpoints of one job leave behind: state of aborted ones, whenever it comes,
/// and of completed ones that are needed no more.
///
/// State handles of users' own making are discarded first, once each. The state that names them
/// goes only when all were: nobody could read them without, so where they could not be discarded
/// their files stay. An aborted checkpoint is remembered, so that acknowledgements which come late
/// are removed and those of completed ones are left alone; what no task has acknowledged goes when
/// none of the attempt lives any more.
///
/// Lives as long as the job's coordinator. Threads: the strand. Files that cannot be removed are
/// told in the log, and stay.
class CheckpointRemoval {
 public:
  using Acks = std::map<runtime::TaskId, runtime::CheckpointAck>;
  struct Setup {
    JobId job;
    std::string directory;  ///< Of the job's checkpoints; empty when state is on the job manager.
    std::uint32_t subtasks = 0;  ///< Whose acknowledgements one waits for.
    std::shared_ptr<const runtime::JobProgram> program = {};  ///< Shared with the coordinator.
    std::uint64_t metadata_limit = 256 << 20;  ///< Of the metadata file of a snapshot that is read.
    std::size_t most_remembered = 1000;  ///< Aborted ones; what the oldest left is removed early.
  };

  /// `files` is the queue of the job's checkpoints: what is removed comes after what was written.
  /// `graph` and `files` outlive this. `ended` is called whenever a removal has ended.
  CheckpointRemoval(const CheckpointServices& services,
                    const graph::JobGraph& graph,
                    FileWork& files,
                    Setup setup,
                    std::function<void()> ended);

  /// A checkpoint was aborted, or could not be written: `acks` are removed, and what comes late.
  /// `done` once what was acknowledged was removed, or was tried to be.
  void aborted(CheckpointId id, Acks acks, std::function<void()> done = [] {});
  /// What is acknowledged of a checkpoint that is not pending: removed, if that was aborted. An
  /// error when it names files that are not its own; then nothing is touched.
  Status late(const runtime::CheckpointAck& ack);
  /// `done` once its files were removed, or were tried to be; never while its handles are there.
  void discard(CompletedCheckpoint checkpoint, std::function<void()> done = [] {});
  /// The same of one that an earlier leader was discarding when it died, and of which any part may
  /// be gone. Its handles are discarded again if it had not come to its files.
  void resumeDiscard(CheckpointId id, std::function<void()> done);
  /// Discards what earlier leaders have begun and never stored. What cannot be looked at stays
  /// until the job ends. `gone` with each savepoint of `left.cut` that is not there, or no more.
  void discardLeft(const LeftCheckpoints& left, std::function<void(CheckpointId)> gone);

  /// A savepoint has the handles of this checkpoint as its own, until disown() is called.
  void own(CheckpointId id) { records_[id].handles_owned = true; }
  void disown(CheckpointId id);

  /// The job was taken up again: savepoints of before may lie in its directory, unknown.
  void resumed() { resumed_ = true; }
  /// No task of the attempt lives any more: what was left of aborted ones is removed.
  void attemptEnded();
  /// The job has ended: once all handles are discarded, removes every directory of a checkpoint but
  /// those of `kept`, and the job's own when there are none of these. `done` when nothing is being
  /// removed any more.
  void end(std::set<CheckpointId> kept, std::function<void()> done);

  /// Removals of files and handles that have not ended.
  std::size_t outstanding() const { return discarding_ + removed_.outstanding(); }

 private:
  /// What is known of one checkpoint.
  struct Record {
    bool aborted = false;        ///< What comes late is removed.
    bool left_over = false;      ///< Aborted in this attempt: swept when no task lives.
    bool handles_owned = false;  ///< By a savepoint that has copied all other state.
    bool undiscarded = false;    ///< Its handles could not be discarded: its files stay.
    std::size_t discarding = 0;  ///< Orders to discard handles of it that have not been answered.
    std::set<runtime::TaskId>
        discarded;  ///< Tasks of an aborted one whose handles are, or will be.

    bool handlesNeedFiles() const { return undiscarded || discarding > 0; }
    bool forgettable() const {
      return !aborted && !left_over && !handles_owned && !handlesNeedFiles();
    }
  };

  void remember(CheckpointId id);
  void forgetOldest();
  void discardHandles(CheckpointId id,
                      std::vector<OwnedHandle> handles,
                      std::function<void()> then);
  void discardEnded();
  bool onFiles() const { return !setup_.directory.empty(); }

  CheckpointServices services_;
  const graph::JobGraph& graph_;  // Borrowed from the job.
  FileWork& files_;               // Borrowed from the coordinator.
  const Setup setup_;
  CheckpointFiles removed_;
  const std::function<void()> ended_;
  std::map<CheckpointId, Record> records_;
  bool resumed_ = false;
  std::size_t aborted_ = 0;     // Of records_.
  std::size_t discarding_ = 0;  // Orders to discard handles that have not been answered.
  FileWork discards_;  // Held while user code discards handles; nobody but end() waits for it.
};

}  // namespace weir::jobmanager
