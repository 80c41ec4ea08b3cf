#include "jobmanager/checkpoint/checkpoint_pacer.h"

#include <utility>

#include "common/telemetry/log.h"

namespace weir::jobmanager {

CheckpointPacer::CheckpointPacer(concurrency::Executor& strand,
                                 const Clock& clock,
                                 const graph::CheckpointSettings& settings,
                                 Bounds bounds,
                                 std::function<std::size_t()> removals,
                                 std::function<void()> trigger)
    : strand_(strand),
      clock_(clock),
      settings_(settings),
      bounds_(bounds),
      removals_(std::move(removals)),
      trigger_(std::move(trigger)) {}

void CheckpointPacer::start() {
  stop();
  if (settings_.enabled) {
    schedule(settings_.interval);
  }
}

void CheckpointPacer::soon() {
  if (tick_ != nullptr) {
    schedule(Duration::zero());
  }
}

void CheckpointPacer::stop() {
  tick_.reset();
  queued_ = false;
}

void CheckpointPacer::schedule(Duration delay) {
  tick_ = strand_.schedule(delay, [this] { tick(); });
}

void CheckpointPacer::tick() {
  if (mustWait()) {
    queued_ = true;  // Fired when a checkpoint or a removal ends.
    return;
  }
  const SteadyTime earliest = last_end_ + settings_.min_pause;
  if (last_end_ != SteadyTime{} && clock_.now() < earliest) {
    schedule(earliest - clock_.now());
    return;
  }
  schedule(settings_.interval);
  trigger_();
}

bool CheckpointPacer::mustWait() {
  const std::size_t removals = removals_();
  if (removals >= bounds_.most_removals && !std::exchange(removals_lag_, true)) {
    log::warn(
        "removing old checkpoints takes longer than taking new ones: the next one waits",
        {{"job", bounds_.job.hex()},
         {"outstanding", removals},
         {"bound", "state.checkpoints.max-pending-removals"},
         {"advice", "look at the checkpoint directory's file system, or raise the interval"}});
  }
  return unstored_ >= settings_.max_concurrent || removals >= bounds_.most_removals;
}

void CheckpointPacer::fireQueued() {
  if (queued_ && !mustWait()) {
    queued_ = false;
    schedule(Duration::zero());
  }
}

void CheckpointPacer::ended() {
  --unstored_;
  last_end_ = clock_.now();
  fireQueued();
}

void CheckpointPacer::removalEnded() {
  removals_lag_ = removals_lag_ && removals_() > 0;
  fireQueued();
}

}  // namespace weir::jobmanager
