#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>

#include "common/graph/job_graph.h"

namespace weir {

namespace api {
class Program;
}

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

/// The job's checkpointing, beside the interval. Refers to the environment it came from. What makes
/// no sense changes nothing and is reported by execute().
class CheckpointConfig {
 public:
  explicit CheckpointConfig(api::Program& program) : program_(&program) {}

  /// At least 1 ms.
  CheckpointConfig& setCheckpointInterval(Milliseconds interval);
  CheckpointConfig& setCheckpointingMode(CheckpointingMode mode);
  /// At least 10 ms.
  CheckpointConfig& setCheckpointTimeout(Milliseconds timeout);
  CheckpointConfig& setMinPauseBetweenCheckpoints(Milliseconds pause);
  /// From 1 to 1000.
  CheckpointConfig& setMaxConcurrentCheckpoints(int count);
  /// Lets the barriers of checkpoints overtake the records in front of them, which become part of
  /// the checkpoint: it completes under back-pressure, too, and is larger. Restores, at another
  /// parallelism as well, handle these records first. Savepoints stay aligned, and so do forward,
  /// rescale, broadcast and custom partitioning. Not with CheckpointingMode::kAtLeastOnce.
  CheckpointConfig& enableUnalignedCheckpoints(bool enabled = true);
  /// How long a barrier waits for the records in front of it before it overtakes them: a checkpoint
  /// that completes in time has no records in it. Not negative; 0, the default: it never waits.
  CheckpointConfig& setAlignedCheckpointTimeout(Milliseconds timeout);

 private:
  api::Program* program_;  // Of the environment.
};

}  // namespace weir
