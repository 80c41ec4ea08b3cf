#include "common/client/program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/executable.h"
#include "common/base/program_environment.h"
#include "common/base/utf8.h"
#include "common/client/child_process.h"
#include "common/config/value.h"
#include "common/wire/encoding.h"

namespace weir::client {
namespace {

/// A graph above this is refused: elements of fromElements travel in it.
constexpr std::size_t kMostGraphBytes = 48U << 20;

Result<ExecutableHeader> elfHeader(const std::string& path) {
  std::array<char, ExecutableHeader::kBytes> bytes{};
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
    return Error(ErrorCode::kInvalidArgument, escaped(path) + ": is no regular file")
        .advise("give the executable that weir_add_job() built");
  }
  const int file = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (file < 0) {
    return systemError(errno, path);
  }
  const ssize_t got = ::read(file, bytes.data(), bytes.size());
  ::close(file);
  const auto header =
      ExecutableHeader::of({bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))});
  if (header.kind == ExecutableHeader::Kind::kScript) {
    return Error(ErrorCode::kInvalidArgument,
                 escaped(path) + ": is a script, not a compiled program")
        .advise("give the executable that weir_add_job() built");
  }
  if (header.kind != ExecutableHeader::Kind::kElf) {
    return Error(ErrorCode::kInvalidArgument,
                 escaped(path) + ": is not an executable program (no ELF file)")
        .advise("give the executable that weir_add_job() built");
  }
  return header;
}

std::string encodeConfiguration(const std::map<std::string, std::string>& configuration) {
  return nlohmann::json(configuration)
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> graphEnvironment(const ProgramCall& call, int graph_fd) {
  namespace environment = program_environment;
  return {fmt::format("{}={}", environment::kMode, environment::kGraph),
          fmt::format("{}={}", environment::kGraphDescriptor, graph_fd),
          fmt::format("{}={}", environment::kParallelism, call.parallelism),
          fmt::format(
              "{}={}", environment::kJobConfiguration, encodeConfiguration(call.configuration))};
}

Result<graph::JobGraph> decodeAnswer(const std::string& path, const std::string& answer) {
  const std::string_view body = std::string_view(answer).substr(1);
  if (answer[0] == program_environment::kErrorFrame) {
    return Error(ErrorCode::kInvalidArgument, escaped(body));
  }
  return wire::decodeJobGraph(body).during(escaped(path));
}

Error silentEnd(const ProgramCall& call, int status) {
  const std::string how = describeExit(status);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
    return Error(ErrorCode::kInvalidArgument,
                 escaped(call.path) + ": could not be started (" + how + ")");
  }
  return Error(ErrorCode::kUserCode,
               fmt::format("{}: {} before it called execute()", escaped(call.path), how))
      .advise("a job is a program that builds a graph and calls env.execute(name) once");
}

/// Reads what the program writes until it closes the pipe, the time is up, or the user interrupts.
Result<std::string> readAnswer(const ProgramCall& call,
                               int pipe,
                               const std::atomic<bool>& interrupted) {
  const SteadyTime deadline = SystemClock().now() + call.timeout;
  std::string answer;
  std::array<char, 65536> chunk;
  for (;;) {
    if (interrupted.load()) {
      return Error(ErrorCode::kCancelled, "interrupted before the job was submitted");
    }
    const auto left = deadline - SystemClock().now();
    if (left <= Duration::zero()) {
      return Error(ErrorCode::kDeadlineExceeded,
                   fmt::format("{}: did not call execute() within {} (client.program.timeout)",
                               call.path,
                               config::formatDuration(call.timeout)))
          .advise("raise it with -D client.program.timeout=... if the program needs longer");
    }
    pollfd entry{pipe, POLLIN, 0};
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(left).count() + 1;
    const int ready = ::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(millis, 200)));
    if (ready <= 0) {
      continue;
    }
    const ssize_t got = ::read(pipe, chunk.data(), chunk.size());
    if (got == 0) {
      return answer;
    }
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      return systemError(errno, "read the job graph of " + call.path);
    }
    answer.append(chunk.data(), static_cast<std::size_t>(got));
    if (answer.size() > kMostGraphBytes) {
      return Error(ErrorCode::kResourceExhausted,
                   escaped(call.path) + ": its job graph is larger than 48 MiB")
          .advise("let a source read large inputs instead of fromElements or fromCollection");
    }
  }
}

}  // namespace

Status checkProgram(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return systemError(errno, path);
  }
  if (S_ISDIR(info.st_mode)) {
    return Error(ErrorCode::kInvalidArgument, escaped(path) + ": is a directory, not a program");
  }
  WEIR_TRY(const auto header, elfHeader(path));
  WEIR_TRY(const auto own, elfHeader("/proc/self/exe"));
  if (header.machine != own.machine) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{}: is built for {}, this machine is {}",
                             escaped(path),
                             header.machineName(),
                             own.machineName()));
  }
  if (::access(path.c_str(), X_OK) != 0) {
    return Error(ErrorCode::kInvalidArgument, escaped(path) + ": is not executable")
        .advise("chmod +x " + escaped(path));
  }
  return ok();
}

Result<graph::JobGraph> obtainJobGraph(const ProgramCall& call,
                                       const std::atomic<bool>& interrupted) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return systemError(errno, "make a pipe for the job graph");
  }
  ChildProcess::Settings settings;
  settings.path = call.path;
  settings.arguments = call.arguments;
  settings.environment = graphEnvironment(call, ends[1]);
  settings.inherited_descriptor = ends[1];
  settings.stdout_to_stderr = call.quiet_output;
  auto child = ChildProcess::start(settings);
  ::close(ends[1]);
  if (!child) {
    ::close(ends[0]);
    return std::move(child).error();
  }
  auto answer = readAnswer(call, ends[0], interrupted);
  ::close(ends[0]);
  if (!answer) {
    child->kill();
    return std::move(answer).error();
  }
  if (answer->empty()) {
    // The pipe also closes when the program execs or daemonizes; its end is awaited with a bound.
    const auto status = child->wait(std::chrono::seconds(5));
    if (!status) {
      child->kill();
      return Error(ErrorCode::kUserCode,
                   escaped(call.path) + ": closed the job graph's descriptor");
    }
    return silentEnd(call, *status);
  }
  if (!child->wait(std::chrono::seconds(5))) {
    child->kill();
  }
  return decodeAnswer(call.path, *answer);
}

}  // namespace weir::client
