#include "taskmanager/worker/task/task_checkpoints.h"

#include <chrono>
#include <utility>

namespace weir::worker {

namespace {

std::uint32_t toMillis(Duration duration) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

TaskCheckpoints::TaskCheckpoints(Self self,
                                 graph::CheckpointingMode mode,
                                 OperatorChain& chain,
                                 InputGate& gate,
                                 TaskOutputs& outputs,
                                 SnapshotStore& store,
                                 const Clock& clock)
    : self_(std::move(self)),
      chain_(chain),
      gate_(gate),
      outputs_(outputs),
      store_(store),
      clock_(clock),
      barriers_(BarrierHandler::make(mode, gate.channels())) {}

void TaskCheckpoints::onTrigger(const runtime::CheckpointOrder& order) {
  if (order.checkpoint > last_snapshot_) {
    takeSnapshot(order, Duration{});
  }
}

void TaskCheckpoints::onBarrier(std::uint32_t channel, const runtime::CheckpointOrder& order) {
  apply(channel, barriers_->onBarrier(channel, order, clock_.now()));
}

void TaskCheckpoints::onCompleted(CheckpointId checkpoint) { chain_.notifyComplete(checkpoint); }

void TaskCheckpoints::onAborted(CheckpointId checkpoint) {
  apply(0, barriers_->onAborted(checkpoint));
  chain_.notifyAborted(checkpoint);
}

void TaskCheckpoints::apply(std::uint32_t channel, const BarrierVerdict& verdict) {
  if (verdict.release) {
    gate_.unblockAll();
  }
  if (verdict.block) {
    gate_.block(channel);
  }
  if (verdict.snapshot) {
    takeSnapshot(*verdict.snapshot, verdict.alignment);
  }
}

void TaskCheckpoints::takeSnapshot(const runtime::CheckpointOrder& order, Duration alignment) {
  last_snapshot_ = order.checkpoint;
  chain_.flush();
  outputs_.noteFlushed();
  outputs_.broadcast(Event::barrier(order));
  const SteadyTime start = clock_.now();
  auto frozen = chain_.snapshot(order.checkpoint);
  Snapshot snapshot;
  snapshot.task = self_.id;
  snapshot.task_name = self_.name;
  snapshot.order = order;
  snapshot.finished = input_ended_;
  snapshot.alignment_millis = toMillis(alignment);
  snapshot.freeze_millis = toMillis(clock_.now() - start);
  for (std::size_t i = 0; i < frozen.size(); ++i) {
    const graph::JobOperator& what = chain_.description(i);
    FrozenOperator one{what.id, what.name, std::move(frozen[i]), {}};
    for (const graph::StateDeclaration& declared : what.states) {
      one.declared.insert(declared.name);
    }
    snapshot.operators.push_back(std::move(one));
  }
  store_.store(std::move(snapshot));
}

}  // namespace weir::worker
