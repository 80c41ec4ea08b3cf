#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "common/graph/job_graph.h"
#include "jobmanager/checkpoint/checkpoint_removal.h"
#include "jobmanager/checkpoint/checkpoint_services.h"
#include "jobmanager/checkpoint/checkpointed_tasks.h"
#include "jobmanager/checkpoint/completed_checkpoint_store.h"
#include "jobmanager/checkpoint/file_work.h"
#include "jobmanager/checkpoint/left_checkpoints.h"
#include "jobmanager/checkpoint/shared_file_counts.h"
#include "jobmanager/checkpoint/stored_checkpoints.h"

namespace weir::jobmanager {

/// Which completed snapshots of one job are kept, and what of all others goes, also of those that
/// earlier leaders left.
///
/// What the store of jobs knows (StoredCheckpoints), how files and handles go (CheckpointRemoval),
/// and which files checkpoints share (SharedFileCounts) are parts of it. Lives as long as the job's
/// coordinator. Threads: the strand.
class CheckpointRetention {
 public:
  /// The references outlive this. `files` is the queue of the job's checkpoints; `ended` is called
  /// whenever a removal has ended.
  CheckpointRetention(const CheckpointServices& services,
                      const graph::JobGraph& graph,
                      FileWork& files,
                      CheckpointedTasks& tasks,
                      CheckpointRemoval::Setup setup,
                      std::size_t retained,
                      std::function<void()> ended);

  StoredCheckpoints& stored() { return stored_; }
  CheckpointRemoval& removal() { return removal_; }
  SharedFileCounts& shared() { return shared_; }
  /// nullptr while there is none.
  const CompletedCheckpoint* latest() const { return store_.latest(); }
  bool contains(CheckpointId id) const { return store_.contains(id); }

  /// See CheckpointCoordinator::resume().
  void resume(const ha::JobCheckpoints& stored, std::vector<CompletedCheckpoint> retained);
  /// No task of an earlier leader writes any more: what it left goes. Only the first time.
  void discardLeft();
  /// Tasks of an earlier leader go on. Which checkpoints it may have begun, and has not completed,
  /// the newest ones: what is acknowledged of them is removed; what else it left stays until
  /// attemptEnded().
  std::vector<CheckpointId> abortLeft();
  void attemptEnded();

  /// The store of jobs points to it: it is kept, and what it outdates is handed back, to be
  /// discarded once the tasks were told. `pinned` by a savepoint that points to its data.
  [[nodiscard]] std::vector<CompletedCheckpoint> add(CompletedCheckpoint completed, bool pinned) {
    return store_.add(std::move(completed), pinned);
  }
  /// The job does not recover from it, but a savepoint points to its data.
  void pin(CheckpointId id) { store_.pin(id); }
  void discard(CompletedCheckpoint checkpoint);

  /// As CheckpointCoordinator has them.
  bool releaseSavepoint(CheckpointId id);
  void end(bool keep_latest, std::function<void()> done);

 private:
  FileWork& files_;  // Borrowed from the coordinator.
  const JobId job_;
  bool ended_ = false;  // Nothing is stored of the job any more.
  CompletedCheckpointStore store_;
  StoredCheckpoints stored_;
  CheckpointRemoval removal_;
  SharedFileCounts shared_;
  std::optional<LeftCheckpoints> left_;  // By earlier leaders, until discardLeft().
  std::set<CheckpointId> complete_;      // Of those, what is known to be.
  bool adopted_ = false;                 // Their tasks may write still.
};

}  // namespace weir::jobmanager
