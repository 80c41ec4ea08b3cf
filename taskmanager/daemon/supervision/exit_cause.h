#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "taskmanager/daemon/supervision/stderr_tail.h"

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
/// How the line begins in which a worker that crashes says where.
inline constexpr std::string_view kCrashLine = "weir: crashed ";
/// What a worker whose operator calls exit() begins a line with; where follows.
inline constexpr std::string_view kExitLine = "weir: exited ";

/// Why a worker process ended.
struct ExitCause {
  std::string text;
  bool unrecoverable = false;  ///< No restart would help: the program cannot be started here.
};

/// "SIGSEGV", or "signal 40" for one without a name.
std::string signalName(int signal);

/// One sentence on why a worker process ended that was not told to, without its last words.
ExitCause describeExit(const JobId& job,
                       const std::string& host,
                       const ProcessExit& exit,
                       WorkerStage stage,
                       const StderrTail& said);

/// `cause`, followed by the first and the last lines of standard error, one a line and indented.
/// Names of C++ functions in a stack are made readable. Where lines are left out, `file` says where
/// they are; empty: nowhere.
std::string withLines(std::string cause, const StderrTail& said, const std::string& file = "");

}  // namespace weir::taskmanager
