#include "common/api/settings.h"

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
  settings_->enabled = true;
  settings_->interval = interval.value();
  return *this;
}

CheckpointConfig& CheckpointConfig::setCheckpointingMode(CheckpointingMode mode) {
  settings_->mode = mode;
  return *this;
}

CheckpointConfig& CheckpointConfig::setCheckpointTimeout(Milliseconds timeout) {
  settings_->timeout = timeout.value();
  return *this;
}

CheckpointConfig& CheckpointConfig::setMinPauseBetweenCheckpoints(Milliseconds pause) {
  settings_->min_pause = pause.value();
  return *this;
}

CheckpointConfig& CheckpointConfig::setMaxConcurrentCheckpoints(std::uint32_t count) {
  settings_->max_concurrent = count;
  return *this;
}

}  // namespace weir
