#include "taskmanager/daemon/supervision/exit_cause.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include <cxxabi.h>

namespace weir::taskmanager {

namespace {

constexpr std::string_view kMissingLibrary = ": error while loading shared libraries: ";
constexpr std::string_view kLauncher = "weir-launcher: ";

std::vector<std::string> linesOf(const StderrTail& said) {
  std::vector<std::string> lines = said.firstLines();
  lines.insert(lines.end(), said.lines().begin(), said.lines().end());
  return lines;
}

// What the dynamic linker or the launcher said, or an empty string.
ExitCause whyNotStarted(const ProcessExit& exit, const StderrTail& said) {
  for (const std::string& line : linesOf(said)) {
    if (const std::size_t at = line.find(kMissingLibrary); at != std::string::npos) {
      return {line.substr(at + kMissingLibrary.size()) +
                  "; submit it from a machine where that library is found, or install it",
              true};
    }
    const bool version = line.find("' not found (required by ") != std::string::npos;
    if (version || line.find(": symbol lookup error: ") != std::string::npos) {
      return {line + "; build it for this system", true};
    }
    if (exit.number == kLauncherFailed && line.starts_with(kLauncher)) {
      const std::string why = line.substr(kLauncher.size());
      const bool for_good = why.find(std::strerror(ENOEXEC)) != std::string::npos ||
                            why.ends_with("does not exist here");
      return {why, for_good};
    }
  }
  return {};
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

/// "in operator 'A' after 3 records", as the worker wrote it; empty when it wrote nothing.
std::string where(const StderrTail& said, std::string_view begin) {
  for (const std::string& line : linesOf(said)) {
    if (line.starts_with(begin)) {
      return " " + line.substr(begin.size());
    }
  }
  return "";
}

/// "./job(_ZN1A1fEv+0x1f)[0x4711]" becomes "./job(A::f()+0x1f)[0x4711]".
std::string readable(const std::string& line) {
  const std::size_t begin = line.find("(_Z");
  const std::size_t end = begin == std::string::npos ? begin : line.find_first_of("+)", begin);
  if (end == std::string::npos) {
    return line;
  }
  int status = 0;
  const std::string mangled = line.substr(begin + 1, end - begin - 1);
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), std::free);
  constexpr std::size_t kMostName = 200;
  return status != 0 || name == nullptr
             ? line
             : line.substr(0, begin + 1) + std::string(name.get()).substr(0, kMostName) +
                   line.substr(end);
}

}  // namespace

std::string signalName(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(signal);
}

ExitCause describeExit(const JobId& job,
                       const std::string& host,
                       const ProcessExit& exit,
                       WorkerStage stage,
                       const StderrTail& said) {
  if (!exit.signaled && stage == WorkerStage::kStarting) {
    if (ExitCause why = whyNotStarted(exit, said); !why.text.empty()) {
      why.text =
          "the program of job " + job.hex() + " cannot be started on " + host + ": " + why.text;
      return why;
    }
  }
  std::string cause = "worker process of job " + job.hex() + " on " + host;
  if (!exit.signaled) {
    return {cause + " exited with status " + std::to_string(exit.number) +
                std::string(when(stage)) + where(said, kExitLine),
            false};
  }
  cause += " ended by signal " + std::to_string(exit.number) + " (" + signalName(exit.number) + ")";
  if (exit.number == SIGKILL) {
    cause += ", which its task manager did not send: look for the kernel's out-of-memory killer";
  }
  return {cause + where(said, kCrashLine), false};
}

std::string withLines(std::string cause, const StderrTail& said, const std::string& file) {
  if (said.lines().empty()) {
    return cause;
  }
  const std::vector<std::string> first = said.firstLines();
  cause += first.empty() ? "; the last lines of its standard error:"
                         : "; the first and the last lines of its standard error:";
  for (const std::string& line : first) {
    cause += "\n  " + readable(line);
  }
  if (said.omitted() > 0) {
    cause += "\n  ... " + std::to_string(said.omitted()) + " more lines" +
             (file.empty() ? "" : " in " + file) + " ...";
  }
  for (const std::string& line : said.lines()) {
    cause += "\n  " + readable(line);
  }
  return cause;
}

}  // namespace weir::taskmanager
