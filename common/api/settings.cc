#include "common/api/settings.h"

#include <string>

#include "common/api/program.h"

namespace weir {

graph::RestartStrategy RestartStrategies::fixedDelay(std::uint32_t attempts, Milliseconds delay) {
  graph::RestartStrategy strategy;
  strategy.kind = graph::RestartStrategy::Kind::kFixedDelay;
  strategy.attempts = attempts;
  strategy.delay = delay.value();
  return strategy;
}

graph::RestartStrategy RestartStrategies::noRestart() {
  graph::RestartStrategy strategy;
  strategy.kind = graph::RestartStrategy::Kind::kNone;
  return strategy;
}

graph::RestartStrategy RestartStrategies::failureRate(std::uint32_t failures,
                                                      Milliseconds interval,
                                                      Milliseconds delay) {
  graph::RestartStrategy strategy;
  strategy.kind = graph::RestartStrategy::Kind::kFailureRate;
  strategy.max_failures = failures;
  strategy.interval = interval.value();
  strategy.delay = delay.value();
  return strategy;
}

graph::RestartStrategy RestartStrategies::exponentialDelay(Milliseconds initial,
                                                           Milliseconds most,
                                                           double multiplier,
                                                           Milliseconds reset_after) {
  graph::RestartStrategy strategy;
  strategy.kind = graph::RestartStrategy::Kind::kExponentialDelay;
  strategy.initial_backoff = initial.value();
  strategy.max_backoff = most.value();
  strategy.multiplier = multiplier;
  strategy.reset_after = reset_after.value();
  return strategy;
}

CheckpointConfig& CheckpointConfig::setCheckpointInterval(Milliseconds interval) {
  if (interval.value().count() < 1) {
    program_->refuse("setCheckpointInterval(): the interval is at least 1 ms");
    return *this;
  }
  program_->settings().checkpoints.enabled = true;
  program_->settings().checkpoints.interval = interval.value();
  return *this;
}

CheckpointConfig& CheckpointConfig::setCheckpointingMode(CheckpointingMode mode) {
  program_->settings().checkpoints.mode = mode;
  return *this;
}

CheckpointConfig& CheckpointConfig::setCheckpointTimeout(Milliseconds timeout) {
  if (timeout.value().count() < 10) {
    program_->refuse("setCheckpointTimeout(): at least 10 ms");
    return *this;
  }
  program_->settings().checkpoints.timeout = timeout.value();
  return *this;
}

CheckpointConfig& CheckpointConfig::setMinPauseBetweenCheckpoints(Milliseconds pause) {
  if (pause.value().count() < 0) {
    program_->refuse("setMinPauseBetweenCheckpoints(): the pause is not negative");
    return *this;
  }
  program_->settings().checkpoints.min_pause = pause.value();
  return *this;
}

CheckpointConfig& CheckpointConfig::setMaxConcurrentCheckpoints(int count) {
  if (count < 1 || count > 1000) {
    program_->refuse("setMaxConcurrentCheckpoints(" + std::to_string(count) + "): from 1 to 1000");
    return *this;
  }
  program_->settings().checkpoints.max_concurrent = static_cast<std::uint32_t>(count);
  return *this;
}

CheckpointConfig& CheckpointConfig::enableUnalignedCheckpoints(bool enabled) {
  program_->settings().checkpoints.unaligned = enabled;
  return *this;
}

CheckpointConfig& CheckpointConfig::setAlignedCheckpointTimeout(Milliseconds timeout) {
  if (timeout.value().count() < 0) {
    program_->refuse("setAlignedCheckpointTimeout(): the time is not negative");
    return *this;
  }
  program_->settings().checkpoints.aligned_timeout = timeout.value();
  return *this;
}

}  // namespace weir
