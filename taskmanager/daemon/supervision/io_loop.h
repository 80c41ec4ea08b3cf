#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/concurrency/executor.h"

namespace weir::taskmanager {

/// The strand of the task manager: one thread that runs tasks and waits for descriptors.
///
/// Starts its thread in the constructor and keeps it until shutdown(): workers are spawned on it,
/// and their death signal is tied to it. Timers and watches must not outlive the loop.
///
/// Threads: post() and schedule() from any; watch() and what it returns on the loop's thread, or on
/// any once shutdown() has returned.
class IoLoop final : public concurrency::Executor {
 public:
  /// Waits for one descriptor, which its owner keeps open until this is destroyed. No callback
  /// runs after that.
  class Watch {
   public:
    virtual ~Watch() = default;
    /// Calls `readable` once, as soon as a read would not block (also for the end of the stream).
    virtual void awaitReadable() = 0;
    /// Calls `writable` once, as soon as a write would not block.
    virtual void awaitWritable() = 0;
  };

  /// `name` is shown by ps and gdb, up to 15 characters.
  explicit IoLoop(const std::string& name);
  ~IoLoop() override;
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;

  void post(Task task) override;
  [[nodiscard]] std::unique_ptr<Timer> schedule(Duration delay, Task task) override;
  [[nodiscard]] std::unique_ptr<Watch> watch(int fd, Task readable, Task writable = {});

  /// Runs `function` on the loop and waits; false when the loop was shut down before.
  bool runSync(const std::function<void()>& function);

  /// Ends the task that runs now, drops the rest, joins. Idempotent; not from the loop's thread.
  void shutdown();

 private:
  struct State;
  class AsioTimer;
  class AsioWatch;

  std::unique_ptr<State> state_;
};

}  // namespace weir::taskmanager
