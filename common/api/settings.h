#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>

#include "common/graph/job_graph.h"

namespace weir {

/// A time as users write it: any std::chrono duration, or a number of milliseconds.
class Milliseconds {
 public:
  template <typename R, typename P>
  Milliseconds(std::chrono::duration<R, P> time)  // NOLINT: converts on purpose.
      : count_(std::chrono::duration_cast<std::chrono::milliseconds>(time)) {}
  template <std::integral I>
  Milliseconds(I milliseconds)  // NOLINT: converts on purpose.
      : count_(static_cast<std::int64_t>(milliseconds)) {}

  std::chrono::milliseconds value() const { return count_; }

 private:
  std::chrono::milliseconds count_;
};

using CheckpointingMode = graph::CheckpointingMode;

/// When and how often a failed job is started again; passed to setRestartStrategy().
class RestartStrategies {
 public:
  using Configuration = graph::RestartStrategy;

  /// At most `attempts` restarts over the job's life, each after `delay`.
  static Configuration fixedDelay(std::uint32_t attempts, Milliseconds delay);
  static Configuration noRestart();
  /// Until more than `failures` happened within `interval`; each restart after `delay`.
  static Configuration failureRate(std::uint32_t failures,
                                   Milliseconds interval,
                                   Milliseconds delay);
  /// Without limit; the pause grows by `multiplier` from `initial` to `most` and starts over after
  /// `reset_after` without failure.
  static Configuration exponentialDelay(Milliseconds initial = 100,
                                        Milliseconds most = 10'000,
                                        double multiplier = 2.0,
                                        Milliseconds reset_after = 600'000);
};

/// The job's checkpointing, beside the interval. Refers to the environment it came from.
class CheckpointConfig {
 public:
  explicit CheckpointConfig(graph::CheckpointSettings& settings) : settings_(&settings) {}

  CheckpointConfig& setCheckpointInterval(Milliseconds interval);
  CheckpointConfig& setCheckpointingMode(CheckpointingMode mode);
  CheckpointConfig& setCheckpointTimeout(Milliseconds timeout);
  CheckpointConfig& setMinPauseBetweenCheckpoints(Milliseconds pause);
  CheckpointConfig& setMaxConcurrentCheckpoints(std::uint32_t count);

 private:
  graph::CheckpointSettings* settings_;  // Of the environment.
};

}  // namespace weir
