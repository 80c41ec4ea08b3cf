#pragma once

#include <functional>
#include <thread>

#include <sys/types.h>

#include "common/base/clock.h"

namespace weir::api {

/// Watches that the program reaches execute() in time; destroyed when it has.
///
/// Waits on a thread of its own, which receives no signals and is joined by the destructor. A
/// child that fork() made has no such thread and is not watched. Where the system grants no
/// descriptor nothing is watched. The thread of main().
class ExecuteWatchdog {
 public:
  /// Calls `late`, which ends the process, on its own thread once `timeout` has passed.
  ExecuteWatchdog(Duration timeout, std::function<void()> late);
  /// At once, unless the time was over before: then it waits for `late`.
  ~ExecuteWatchdog();
  ExecuteWatchdog(const ExecuteWatchdog&) = delete;
  ExecuteWatchdog& operator=(const ExecuteWatchdog&) = delete;

 private:
  const int wake_;     // An event descriptor: unlike a condition, it survives fork().
  const pid_t owner_;  // The process that has the thread.
  std::thread thread_;
};

}  // namespace weir::api
