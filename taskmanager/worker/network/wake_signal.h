#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "common/base/clock.h"

namespace weir::worker {

/// How a task's thread sleeps until something changed: mail, input, room downstream.
///
/// The sleeper calls prepare(), looks at everything it waits for, and only then wait(): a wake()
/// in between is not lost. wake() costs a system call only while the other side sleeps. Threads:
/// wake() from any; the others from the one that sleeps.
class WakeSignal {
 public:
  void wake() {
    pending_.store(true, std::memory_order_seq_cst);
    if (sleeping_.load(std::memory_order_seq_cst)) {
      std::lock_guard lock(mutex_);
      changed_.notify_one();
    }
  }

  void prepare() { pending_.store(false, std::memory_order_seq_cst); }

  /// Sleeps until woken since prepare(), or until `deadline`.
  void wait(SteadyTime deadline = SteadyTime::max()) {
    std::unique_lock lock(mutex_);
    sleeping_.store(true, std::memory_order_seq_cst);
    const auto woken = [&] { return pending_.load(std::memory_order_seq_cst); };
    if (deadline == SteadyTime::max()) {
      changed_.wait(lock, woken);
    } else {
      changed_.wait_until(lock, deadline, woken);
    }
    sleeping_.store(false, std::memory_order_seq_cst);
  }

 private:
  std::atomic<bool> pending_{false};
  std::atomic<bool> sleeping_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace weir::worker
