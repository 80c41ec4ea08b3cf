#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "common/concurrency/executor.h"

namespace weir::concurrency {

/// An executor that is one thread with a name: the strand of a daemon's role.
///
/// Runs until shutdown() or its destruction; what is queued then is destroyed, not run. Timers may
/// outlive the executor. A task must not block for long: it holds up everybody else's.
///
/// Threads: post(), schedule() and runSync() from any thread; shutdown() from any but its own.
class ThreadExecutor final : public Executor {
 public:
  /// `name` is shown by ps and gdb, up to 15 characters.
  explicit ThreadExecutor(std::string name);
  ~ThreadExecutor() override;
  ThreadExecutor(const ThreadExecutor&) = delete;
  ThreadExecutor& operator=(const ThreadExecutor&) = delete;

  void post(Task task) override;
  [[nodiscard]] std::unique_ptr<Timer> schedule(Duration delay, Task task) override;

  /// Ends the task that runs now, destroys the rest, joins. Idempotent.
  void shutdown();

  /// Whether the caller is on this executor's thread.
  bool isCurrent() const { return std::this_thread::get_id() == id_; }

  /// Runs `function` on the executor and waits; at once when called on it. False when it was shut
  /// down before `function` ran.
  bool runSync(const std::function<void()>& function);

 private:
  struct Shared;  // Queue, timers and their mutex, shared with timers that are still held.
  class TimerHandle;

  std::shared_ptr<Shared> shared_;
  std::mutex join_;
  std::thread thread_;
  std::thread::id id_;  // Also valid after the join.
};

}  // namespace weir::concurrency
