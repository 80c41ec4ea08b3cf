#include "taskmanager/daemon/supervision/exit_cause.h"

#include <csignal>
#include <cstring>
#include <string_view>

namespace weir::taskmanager {

namespace {

constexpr std::string_view kMissingLibrary = ": error while loading shared libraries: ";
constexpr std::string_view kLauncher = "weir-launcher: ";

// What the dynamic linker or the launcher said, or an empty string.
std::string whyNotStarted(const ProcessExit& exit, const std::deque<std::string>& lines) {
  for (const std::string& line : lines) {
    if (const std::size_t at = line.find(kMissingLibrary); at != std::string::npos) {
      return line.substr(at + kMissingLibrary.size()) +
             "; submit it from a machine where that library is found, or install it";
    }
    const bool version = line.find("' not found (required by ") != std::string::npos;
    if (version || line.find(": symbol lookup error: ") != std::string::npos) {
      return line + "; build it for this system";
    }
    if (exit.number == kLauncherFailed && line.starts_with(kLauncher)) {
      return line.substr(kLauncher.size());
    }
  }
  return "";
}

std::string_view when(WorkerStage stage) {
  switch (stage) {
    case WorkerStage::kStarting:
      return " before it asked for its execution environment";
    case WorkerStage::kPrepared:
      return " before its tasks ran";
    case WorkerStage::kRunning:
      return " before its tasks had ended";
  }
  return "";
}

}  // namespace

std::string signalName(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(signal);
}

std::string describeExit(const JobId& job,
                         const std::string& host,
                         const ProcessExit& exit,
                         WorkerStage stage,
                         const std::deque<std::string>& last_lines) {
  if (!exit.signaled && stage == WorkerStage::kStarting) {
    if (std::string why = whyNotStarted(exit, last_lines); !why.empty()) {
      return "the program of job " + job.hex() + " cannot be started on " + host + ": " + why;
    }
  }
  std::string cause = "worker process of job " + job.hex() + " on " + host;
  if (!exit.signaled) {
    return cause + " exited with status " + std::to_string(exit.number) + std::string(when(stage));
  }
  cause += " ended by signal " + std::to_string(exit.number) + " (" + signalName(exit.number) + ")";
  if (exit.number == SIGKILL) {
    cause += ", which its task manager did not send: look for the kernel's out-of-memory killer";
  }
  return cause;
}

std::string withLastLines(std::string cause, const std::deque<std::string>& last_lines) {
  if (last_lines.empty()) {
    return cause;
  }
  cause += "; the last lines of its standard error:";
  for (const std::string& line : last_lines) {
    cause += "\n  " + line;
  }
  return cause;
}

}  // namespace weir::taskmanager
