#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "common/concurrency/executor.h"

namespace weir::concurrency {

/// Virtual time that several simulated roles share: nothing happens until it is told to.
///
/// Runs what is due in order of time, then of posting, so that the same calls give the same run.
/// Lives longer than its executors. Threads: one only, that of the simulation.
class SimulatedTime final : public Clock {
 public:
  SimulatedTime() = default;
  SimulatedTime(const SimulatedTime&) = delete;
  SimulatedTime& operator=(const SimulatedTime&) = delete;

  SteadyTime now() const override { return SteadyTime(elapsed_); }
  /// 2026-01-01 00:00:00 UTC and what has passed since.
  WallTime wallNow() const override;

  /// Runs the next task, moving time to it; false when there is none.
  bool step();
  /// Runs all tasks that are due up to `duration` from now, then stands there.
  void advance(Duration duration);
  /// Runs everything that is due now, without moving time. Returns how many tasks ran.
  std::size_t runDue();
  /// Steps until nothing is left or `most` tasks ran; false in the latter case (a periodic timer
  /// never becomes idle).
  bool runUntilIdle(std::size_t most = 1'000'000);
  /// Steps until `condition()` holds; false when nothing is left or `longest` virtual time passed.
  bool runUntil(const std::function<bool()>& condition, Duration longest);

  /// What waits to run.
  std::size_t pending() const { return tasks_.size(); }

 private:
  friend class SimulatedExecutor;
  using Order = std::pair<Duration, std::uint64_t>;
  struct Entry {
    const void* owner;
    Executor::Task task;
  };

  Order add(const void* owner, Duration delay, Executor::Task task);
  void removeAllOf(const void* owner);

  static constexpr Duration kStartOfTime = std::chrono::hours(1);  // Zero often means "never".

  Duration elapsed_ = kStartOfTime;
  std::uint64_t sequence_ = 0;
  std::map<Order, Entry> tasks_;
};

/// The executor of one role in a simulation.
///
/// shutdown() is the role's crash: all that it had queued is forgotten. Timers may outlive it, but
/// not the SimulatedTime. Threads: that of the simulation.
class SimulatedExecutor final : public Executor {
 public:
  explicit SimulatedExecutor(SimulatedTime& time) : time_(time) {}
  ~SimulatedExecutor() override { shutdown(); }
  SimulatedExecutor(const SimulatedExecutor&) = delete;
  SimulatedExecutor& operator=(const SimulatedExecutor&) = delete;

  void post(Task task) override;
  [[nodiscard]] std::unique_ptr<Timer> schedule(Duration delay, Task task) override;
  void shutdown();

 private:
  class TimerHandle;

  SimulatedTime& time_;  // Borrowed from the simulation, which outlives its roles.
  bool running_ = true;
};

}  // namespace weir::concurrency
