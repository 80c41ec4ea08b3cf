#include "common/concurrency/simulated_executor.h"

#include <algorithm>

namespace weir::concurrency {

WallTime SimulatedTime::wallNow() const {
  using std::chrono::duration_cast;
  constexpr WallTime kStart =
      std::chrono::sys_days(std::chrono::year(2026) / std::chrono::January / 1);
  return kStart + duration_cast<WallTime::duration>(elapsed_ - kStartOfTime);
}

SimulatedTime::Order SimulatedTime::add(const void* owner, Duration delay, Executor::Task task) {
  const Duration at = delay < Duration::max() - elapsed_ ? elapsed_ + std::max(delay, Duration(0))
                                                         : Duration::max();
  const Order order{at, ++sequence_};
  tasks_.emplace(order, Entry{owner, std::move(task)});
  return order;
}

void SimulatedTime::removeAllOf(const void* owner) {
  // What a task holds may cancel timers when it is destroyed, so nothing is destroyed while the
  // table is walked.
  std::vector<Executor::Task> gone;
  for (auto entry = tasks_.begin(); entry != tasks_.end();) {
    if (entry->second.owner == owner) {
      gone.push_back(std::move(entry->second.task));
      entry = tasks_.erase(entry);
    } else {
      ++entry;
    }
  }
}

bool SimulatedTime::step() {
  if (tasks_.empty()) {
    return false;
  }
  auto entry = tasks_.extract(tasks_.begin());
  elapsed_ = std::max(elapsed_, entry.key().first);
  entry.mapped().task();
  return true;
}

void SimulatedTime::advance(Duration duration) {
  const Duration end = elapsed_ + duration;
  while (!tasks_.empty() && tasks_.begin()->first.first <= end) {
    step();
  }
  elapsed_ = end;
}

std::size_t SimulatedTime::runDue() {
  std::size_t ran = 0;
  while (!tasks_.empty() && tasks_.begin()->first.first <= elapsed_) {
    step();
    ++ran;
  }
  return ran;
}

bool SimulatedTime::runUntilIdle(std::size_t most) {
  for (std::size_t ran = 0; ran < most; ++ran) {
    if (!step()) {
      return true;
    }
  }
  return tasks_.empty();
}

bool SimulatedTime::runUntil(const std::function<bool()>& condition, Duration longest) {
  const Duration end = elapsed_ + longest;
  while (!condition()) {
    if (tasks_.empty() || tasks_.begin()->first.first > end) {
      return false;
    }
    step();
  }
  return true;
}

class SimulatedExecutor::TimerHandle final : public Timer {
 public:
  TimerHandle(SimulatedTime& time, SimulatedTime::Order order) : time_(time), order_(order) {}
  ~TimerHandle() override {
    const auto task = time_.tasks_.extract(order_);  // Destroyed when the table is whole again.
  }

 private:
  SimulatedTime& time_;
  SimulatedTime::Order order_;
};

void SimulatedExecutor::post(Task task) {
  if (running_) {
    time_.add(this, Duration(0), std::move(task));
  }
}

std::unique_ptr<Executor::Timer> SimulatedExecutor::schedule(Duration delay, Task task) {
  if (!running_) {
    return std::make_unique<TimerHandle>(time_, SimulatedTime::Order{});
  }
  return std::make_unique<TimerHandle>(time_, time_.add(this, delay, std::move(task)));
}

void SimulatedExecutor::shutdown() {
  running_ = false;
  time_.removeAllOf(this);
}

}  // namespace weir::concurrency
