#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/graph/job_graph.h"
#include "common/runtime/messages.h"
#include "taskmanager/worker/checkpoint/in_flight.h"
#include "taskmanager/worker/checkpoint/snapshot_store.h"
#include "taskmanager/worker/operators/operator_chain.h"
#include "taskmanager/worker/task/stop_request.h"
#include "taskmanager/worker/task/task_outputs.h"

namespace weir::worker {

/// Freezes the state of every operator of a chain, head first.
std::vector<FrozenOperator> freeze(OperatorChain& chain, CheckpointId checkpoint);

/// The part that one subtask takes in checkpoints: it sends the barrier through its operators and
/// out, freezes their state for the store, and tells them what became of it. Barriers of several
/// channels are aligned before (TaskInput).
///
/// Lives as long as the subtask's chain; the task's thread. What the operators throw passes
/// through.
class TaskCheckpoints {
 public:
  /// What a snapshot says of its task.
  struct Self {
    runtime::TaskId id;
    std::string name;
  };

  /// How the barriers of a snapshot came; of a source, there were none.
  struct Alignment {
    Duration took{};                 ///< From the first channel's to the last one's.
    std::uint32_t last_channel = 0;  ///< From 1: that of the last one.
    /// The barrier has overtaken these, which belong to the snapshot.
    std::vector<InFlightRecords> in_flight{};
  };

  /// References outlive it.
  TaskCheckpoints(Self self,
                  OperatorChain& chain,
                  TaskOutputs& outputs,
                  SnapshotStore& store,
                  const Clock& clock,
                  StopRequest& stop,
                  const graph::CheckpointSettings& settings);

  /// For sources: takes the snapshot now, unless it was asked for before. With one that stops the
  /// job, nothing is to be emitted behind it: see halted().
  void onTrigger(const runtime::CheckpointOrder& order);
  /// Whether an order that came is still to be taken.
  bool isNew(const runtime::CheckpointOrder& order) const {
    return order.checkpoint > last_snapshot_;
  }
  /// The job has stopped before this attempt of it began.
  void startStopped();
  /// Whether the job stops: its peers may have finished, and a source is not asked for more, until
  /// that is aborted.
  bool halted() const { return stopped_ || stopping_.has_value(); }
  /// For others: a barrier has come, all that belongs to the snapshot was received.
  void onBarrier(const functions::Barrier& barrier, Alignment alignment) {
    takeSnapshot(barrier, std::move(alignment));
  }
  /// This task cannot take its part in a checkpoint, which ends with that.
  void decline(CheckpointId checkpoint, const std::string& reason);
  void onCompleted(CheckpointId checkpoint);
  void onAborted(CheckpointId checkpoint);
  /// Later snapshots say that the task's input had ended.
  void inputEnded() { input_ended_ = true; }

 private:
  void takeSnapshot(const functions::Barrier& barrier, Alignment alignment);
  /// Sends the barrier through the operators and out, behind all that came before it.
  void sendOn(const functions::Barrier& barrier, SteadyTime now);

  const Self self_;
  OperatorChain& chain_;  // The task's, as is the next.
  TaskOutputs& outputs_;
  SnapshotStore& store_;  // The worker's.
  const Clock& clock_;
  StopRequest& stop_;                          // The task's.
  const graph::CheckpointSettings& settings_;  // The job's.
  CheckpointId last_snapshot_;
  std::optional<CheckpointId> stopping_;  // With this snapshot.
  bool stopped_ = false;
  bool input_ended_ = false;
};

}  // namespace weir::worker
