#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "common/concurrency/simulated_executor.h"

namespace weir::sim {

/// Runs tasks one after another, each for as long as `cost` says: file work on a slow disk.
///
/// Lives as long as the simulated time. Threads: that of the simulation.
class SlowExecutor final : public concurrency::Executor {
 public:
  SlowExecutor(concurrency::SimulatedTime& time, std::function<Duration()> cost)
      : time_(time), strand_(time), cost_(std::move(cost)) {}

  void post(Task task) override {
    free_at_ = std::max(free_at_, time_.now()) + cost_();
    ++waiting_;
    auto timer = std::make_shared<std::unique_ptr<Timer>>();  // Kept by its own task.
    *timer = strand_.schedule(free_at_ - time_.now(), [this, timer, task = std::move(task)] {
      --waiting_;
      task();
    });
  }
  [[nodiscard]] std::unique_ptr<Timer> schedule(Duration delay, Task task) override {
    return strand_.schedule(delay, std::move(task));
  }
  /// All that waits is forgotten.
  void shutdown() {
    strand_.shutdown();
    waiting_ = 0;
  }
  /// What is posted and has not run.
  std::size_t waiting() const { return waiting_; }

 private:
  concurrency::SimulatedTime& time_;  // Borrowed from the simulation.
  concurrency::SimulatedExecutor strand_;
  const std::function<Duration()> cost_;
  SteadyTime free_at_{};
  std::size_t waiting_ = 0;
};

}  // namespace weir::sim
