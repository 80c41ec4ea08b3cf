#pragma once

#include <deque>
#include <string>

#include "common/base/ids.h"

namespace weir::taskmanager {

/// How a process ended, as waitpid() tells it.
struct ProcessExit {
  bool signaled = false;
  int number = 0;  ///< The signal, or the exit status.
};

/// How far a worker had come, for the sentence about its end.
enum class WorkerStage : std::uint8_t {
  kStarting,  ///< It has not said hello.
  kPrepared,  ///< It has said hello; none of its tasks has reported.
  kRunning,
};

/// The exit status with which the launcher says that it could not start the program; its reason is
/// the last line on standard error.
inline constexpr int kLauncherFailed = 125;

/// "SIGSEGV", or "signal 40" for one without a name.
std::string signalName(int signal);

/// One sentence on why a worker process ended that was not told to, without its last words.
std::string describeExit(const JobId& job,
                         const std::string& host,
                         const ProcessExit& exit,
                         WorkerStage stage,
                         const std::deque<std::string>& last_lines);

/// `cause`, followed by the last lines of standard error, one a line and indented.
std::string withLastLines(std::string cause, const std::deque<std::string>& last_lines);

}  // namespace weir::taskmanager
