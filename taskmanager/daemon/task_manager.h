#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/config/configuration.h"

namespace weir::taskmanager {

/// A task manager, assembled from a configuration and running.
///
/// Lives from start() to stop() or its destruction, which does the same. Threads: start(), stop()
/// and the destructor from the one that owns it.
class TaskManager {
 public:
  /// Opens the data port and the work directory, cleans up after task managers that were killed,
  /// and begins to register. `on_given_up` is called, on the strand, when no job manager was found
  /// in time. Errors name what cannot be had, and the option that changes it.
  static Result<std::unique_ptr<TaskManager>> start(const config::Configuration& configuration,
                                                    std::function<void(const Error&)> on_given_up);
  ~TaskManager();
  TaskManager(const TaskManager&) = delete;
  TaskManager& operator=(const TaskManager&) = delete;

  /// Cancels the workers, waits a bounded time for them, kills the rest, leaves the job manager.
  void stop();

 private:
  struct Parts;
  explicit TaskManager(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace weir::taskmanager
