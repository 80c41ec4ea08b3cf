#pragma once

#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/graph/job_graph.h"
#include "common/runtime/messages.h"
#include "taskmanager/worker/checkpoint/barrier_handler.h"
#include "taskmanager/worker/checkpoint/snapshot_store.h"
#include "taskmanager/worker/network/input_gate.h"
#include "taskmanager/worker/operators/operator_chain.h"
#include "taskmanager/worker/task/task_outputs.h"

namespace weir::worker {

/// The part that one subtask takes in checkpoints: it aligns barriers, forwards them, freezes its
/// operators' state for the store, and tells the operators what became of it.
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

  /// References outlive it.
  TaskCheckpoints(Self self,
                  graph::CheckpointingMode mode,
                  OperatorChain& chain,
                  InputGate& gate,
                  TaskOutputs& outputs,
                  SnapshotStore& store,
                  const Clock& clock);

  /// For sources: takes the snapshot now, unless it was asked for before.
  void onTrigger(const runtime::CheckpointOrder& order);
  void onBarrier(std::uint32_t channel, const runtime::CheckpointOrder& order);
  void onCompleted(CheckpointId checkpoint);
  /// Gives an alignment up.
  void onAborted(CheckpointId checkpoint);
  /// Later snapshots say that the task's input had ended.
  void inputEnded() { input_ended_ = true; }

 private:
  void apply(std::uint32_t channel, const BarrierVerdict& verdict);
  void takeSnapshot(const runtime::CheckpointOrder& order, Duration alignment);

  const Self self_;
  OperatorChain& chain_;  // The task's, as are the next two.
  InputGate& gate_;
  TaskOutputs& outputs_;
  SnapshotStore& store_;  // The worker's.
  const Clock& clock_;
  std::unique_ptr<BarrierHandler> barriers_;
  CheckpointId last_snapshot_;
  bool input_ended_ = false;
};

}  // namespace weir::worker
