#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "taskmanager/worker/network/wake_signal.h"

namespace weir::worker {

/// What a source hands to other threads so that it is polled again. Copies of function() may
/// outlive the task and then do nothing. Threads: any.
class Waker {
 public:
  explicit Waker(WakeSignal& signal) : shared_(std::make_shared<Shared>()) {
    shared_->signal = &signal;
  }
  ~Waker() { detach(); }
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  std::function<void()> function() const {
    return [shared = shared_] {
      std::lock_guard lock(shared->mutex);
      shared->fired = true;
      if (shared->signal != nullptr) {
        shared->signal->wake();
      }
    };
  }
  /// Whether it was called since the last time; the task asks.
  bool take() {
    std::lock_guard lock(shared_->mutex);
    return std::exchange(shared_->fired, false);
  }
  /// Calls do nothing from now on.
  void detach() {
    std::lock_guard lock(shared_->mutex);
    shared_->signal = nullptr;
  }

 private:
  struct Shared {
    std::mutex mutex;
    WakeSignal* signal = nullptr;  // The task's, until detach().
    bool fired = false;
  };
  std::shared_ptr<Shared> shared_;  // Shared with the copies that user code keeps.
};

}  // namespace weir::worker
