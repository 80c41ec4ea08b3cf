#include "taskmanager/worker/task/task_checkpoints.h"

#include <chrono>
#include <utility>

#include "common/base/crash_point.h"

namespace weir::worker {

namespace {

std::uint32_t toMillis(Duration duration) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

std::vector<FrozenOperator> freeze(OperatorChain& chain, CheckpointId checkpoint) {
  std::vector<FrozenOperator> all;
  auto frozen = chain.snapshot(checkpoint);
  for (std::size_t i = 0; i < frozen.size(); ++i) {
    const graph::JobOperator& what = chain.description(i);
    FrozenOperator one{what.id, what.name, std::move(frozen[i]), {}};
    for (const graph::StateDeclaration& declared : what.states) {
      one.declared.insert(declared.name);
    }
    all.push_back(std::move(one));
  }
  return all;
}

TaskCheckpoints::TaskCheckpoints(Self self,
                                 OperatorChain& chain,
                                 TaskOutputs& outputs,
                                 SnapshotStore& store,
                                 const Clock& clock,
                                 StopRequest& stop,
                                 const graph::CheckpointSettings& settings)
    : self_(std::move(self)),
      chain_(chain),
      outputs_(outputs),
      store_(store),
      clock_(clock),
      stop_(stop),
      settings_(settings) {}

void TaskCheckpoints::startStopped() {
  stopped_ = true;
  stop_.letPeersGo(true);
}

void TaskCheckpoints::onTrigger(const runtime::CheckpointOrder& order) {
  if (isNew(order)) {
    const bool stops = order.stop != runtime::StopMode::kNone;
    const bool unaligned = settings_.unaligned && settings_.aligned_timeout == Duration::zero() &&
                           !order.savepoint && !stops;
    takeSnapshot({order.checkpoint,
                  order.timestamp_millis,
                  order.savepoint,
                  stops,
                  unaligned,
                  order.stop == runtime::StopMode::kDrain},
                 {});
  }
}

void TaskCheckpoints::decline(CheckpointId checkpoint, const std::string& reason) {
  store_.decline(checkpoint, self_.id, self_.name, reason);
}

void TaskCheckpoints::onCompleted(CheckpointId checkpoint) {
  chain_.notifyComplete(checkpoint);
  if (stopping_ == checkpoint) {
    crashPoint("stop.committed");
  }
}

void TaskCheckpoints::onAborted(CheckpointId checkpoint) {
  if (stopping_ == checkpoint) {
    stopping_.reset();
    stop_.letPeersGo(false);
  }
  chain_.notifyAborted(checkpoint);
}

void TaskCheckpoints::sendOn(const functions::Barrier& barrier, SteadyTime now) {
  if (settings_.unaligned && !barrier.savepoint && !barrier.stops) {
    outputs_.overdrawFrom(barrier.unaligned ? now : now + settings_.aligned_timeout);
  }
  chain_.receive(barrier);
  outputs_.overdrawFrom(SteadyTime::max());
  outputs_.noteFlushed();
}

void TaskCheckpoints::takeSnapshot(const functions::Barrier& barrier, Alignment alignment) {
  last_snapshot_ = barrier.checkpoint;
  if (barrier.stops) {  // Known before it is acknowledged: then peers may finish.
    stopping_ = barrier.checkpoint;
    stop_.letPeersGo(true);
  }
  const SteadyTime aligned = clock_.now();
  sendOn(barrier, aligned);
  const SteadyTime start = clock_.now();
  Snapshot snapshot;
  snapshot.operators = freeze(chain_, barrier.checkpoint);
  snapshot.task = self_.id;
  snapshot.task_name = self_.name;
  snapshot.order = {barrier.checkpoint, barrier.timestamp_millis, barrier.savepoint};
  snapshot.finished = input_ended_;
  snapshot.alignment_millis = toMillis(alignment.took);
  snapshot.flush_millis = toMillis(start - aligned);
  snapshot.last_channel = alignment.last_channel;
  snapshot.unaligned = barrier.unaligned;
  snapshot.freeze_millis = toMillis(clock_.now() - start);
  if (!alignment.in_flight.empty()) {
    for (const InFlightRecords& one : alignment.in_flight) {
      snapshot.in_flight_bytes += one.bytes();
    }
    FrozenOperator& head = snapshot.operators.front();
    head.state = withInFlight(std::move(head.state), alignment.in_flight);
    crashPoint("unaligned.overtaken");
  }
  store_.store(std::move(snapshot));
  if (barrier.stops) {
    crashPoint("stop.halted");
  }
}

}  // namespace weir::worker
