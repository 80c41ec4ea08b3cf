#pragma once

#include <functional>
#include <memory>

#include "common/base/clock.h"

namespace weir::concurrency {

/// Runs functions one after another, in the order posted; the strand that owns somebody's state.
///
/// Production has a thread behind it, the simulation virtual time. Functions must not throw.
/// Threads: post() and schedule() may be called from any thread, also from a running function.
class Executor {
 public:
  using Task = std::function<void()>;

  /// Cancels its timer when destroyed. Belongs to the executor's thread; cancelling there
  /// guarantees that the task does not run afterwards.
  class Timer {
   public:
    virtual ~Timer() = default;
  };

  virtual ~Executor() = default;

  /// Runs `task` soon, never inside this call. After shutdown the task is dropped.
  virtual void post(Task task) = 0;

  /// Runs `task` once after `delay`, unless the returned timer is destroyed before.
  [[nodiscard]] virtual std::unique_ptr<Timer> schedule(Duration delay, Task task) = 0;
};

}  // namespace weir::concurrency
