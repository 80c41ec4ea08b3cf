#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/graph/job_graph.h"
#include "common/runtime/messages.h"
#include "jobmanager/checkpoint/checkpoint_history.h"
#include "jobmanager/checkpoint/checkpoint_services.h"
#include "jobmanager/checkpoint/checkpointed_tasks.h"
#include "jobmanager/checkpoint/pending_checkpoint.h"
#include "jobmanager/checkpoint/stored_checkpoints.h"

namespace weir::jobmanager {

/// The snapshots of one job that its tasks still write their parts of, from when they are asked for
/// until all have acknowledged, one declines, their time is over, or they are wanted no more.
///
/// Lives as long as the job's coordinator. Threads: the strand.
class PendingCheckpoints {
 public:
  using Pending = std::unique_ptr<PendingCheckpoint>;
  struct Setup {
    JobId job;
    std::string directory;  ///< Of the job's checkpoints; empty when state is on the job manager.
  };
  /// What becomes of one; it is pending no more.
  struct Outcome {
    std::function<void(Pending whole)> acknowledged;  ///< By all tasks.
    std::function<void(Pending part, const Error& why)> aborted;
    /// It never began.
    std::function<void(Wanted& wanted, const Error& why)> refused;
    /// An acknowledgement that none of them takes.
    std::function<void(const runtime::CheckpointAck& ack)> late;
  };

  /// The references outlive it.
  PendingCheckpoints(const CheckpointServices& services,
                     const graph::JobGraph& graph,
                     Setup setup,
                     CheckpointedTasks& tasks,
                     StoredCheckpoints& stored,
                     CheckpointHistory& history,
                     Outcome outcome);

  /// Tells the tasks, once the store of jobs knows that its id is used, and of a savepoint that it
  /// is begun.
  void begin(Wanted wanted);
  void acknowledge(runtime::CheckpointAck ack);
  void decline(const runtime::CheckpointDecline& decline);
  void abortAll(const Error& why);
  /// The next ones are of another attempt, whose tasks describe their states anew.
  /// The tasks were told by an earlier leader that this one completed.
  void adopt(const runtime::CheckpointMetadata& completed) { descriptions_->recall(completed); }
  void attemptEnded() { descriptions_ = std::make_shared<StateDescriptions>(); }
  /// A newer one is complete: periodic ones before it are wanted no more.
  void subsumeOlderThan(CheckpointId id);

  bool hasSavepoints() const;
  /// Whose acknowledgements each waits for.
  static std::uint32_t subtasksOf(const graph::JobGraph& graph);

 private:
  void begin(CheckpointId id, Wanted wanted);
  void reserve();
  void reserved(const Status& stored);
  Status take(runtime::CheckpointAck& ack, const StateDescriptions& descriptions);
  void abort(CheckpointId id, const Error& why);
  void expire(CheckpointId id);
  void reportProgress(const PendingCheckpoint& pending) const;

  /// One that has not begun.
  struct Waiting {
    Wanted wanted;
    std::optional<CheckpointId> id = {};  ///< Once it is being stored.
  };

  CheckpointServices services_;
  const graph::JobGraph& graph_;  // Borrowed from the job.
  const Setup setup_;
  CheckpointedTasks& tasks_;   // Borrowed: the job.
  StoredCheckpoints& stored_;  // Borrowed from the coordinator, like the next.
  CheckpointHistory& history_;
  const Outcome outcome_;
  const std::uint32_t subtasks_;
  std::deque<Waiting> waiting_;                      // For the store, those with an id first.
  bool reserving_ = false;                           // A write of theirs is on its way.
  std::shared_ptr<StateDescriptions> descriptions_;  // Of the attempt, with its snapshots.
  std::map<CheckpointId, Pending> pending_;
};

}  // namespace weir::jobmanager
