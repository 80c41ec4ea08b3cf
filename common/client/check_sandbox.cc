#include "common/client/check_sandbox.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/program_environment.h"
#include "common/base/unique_fd.h"
#include "common/base/utf8.h"
#include "common/client/child_process.h"
#include "common/client/confined_process.h"
#include "common/config/command_options.h"
#include "common/config/value.h"
#include "common/wire/check_encoding.h"

namespace weir::client {
namespace {

constexpr std::uint32_t kMostReport = 1 << 20;  // Bytes of one report.
constexpr std::size_t kMostLine = 4096;
constexpr std::size_t kMostLines = 20;
constexpr auto kMemoryTick = std::chrono::milliseconds(50);
constexpr auto kLastWords = std::chrono::seconds(5);

/// What the program writes to standard output and error, line by line, and the last of it.
class Output {
 public:
  Output(int fd, const std::function<void(const std::string&)>& wrote) : fd_(fd), wrote_(wrote) {}

  /// Reads once; false at the end.
  bool read() {
    std::array<char, 65536> chunk;
    const ssize_t got = ::read(fd_, chunk.data(), chunk.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
      return true;
    }
    for (ssize_t i = 0; i < got; ++i) {
      if (chunk[static_cast<std::size_t>(i)] == '\n' || line_.size() == kMostLine) {
        complete();
      }
      if (chunk[static_cast<std::size_t>(i)] != '\n') {
        line_ += chunk[static_cast<std::size_t>(i)];
      }
    }
    return got > 0;
  }
  void complete() {
    wrote_(line_);
    last_.push_back(std::exchange(line_, {}));
    if (last_.size() > kMostLines) {
      last_.pop_front();
    }
  }
  /// All that is still to be read, without waiting for processes that hold the other end.
  std::vector<std::string> rest() {
    pollfd readable{fd_, POLLIN, 0};
    while (::poll(&readable, 1, 0) > 0 && read()) {
    }
    if (!line_.empty()) {
      complete();
    }
    return {last_.begin(), last_.end()};
  }
  int descriptor() const { return fd_; }

 private:
  int fd_;  // Owned by our caller.
  const std::function<void(const std::string&)>& wrote_;
  std::string line_;
  std::deque<std::string> last_;
};

/// The command's end of the socket pair: frames of a length and a message.
class ReportStream {
 public:
  explicit ReportStream(int fd) : fd_(fd) {}

  /// Reads once; false at the end.
  Result<bool> read() {
    std::array<char, 65536> chunk;
    const ssize_t got = ::recv(fd_, chunk.data(), chunk.size(), 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
      return true;
    }
    if (got < 0 && errno != ECONNRESET) {
      return systemError(errno, "listen to the program");
    }
    input_.append(chunk.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return got > 0;
  }
  /// The next report that has come as a whole.
  Result<std::optional<runtime::CheckReport>> next() {
    std::uint32_t length = 0;
    if (input_.size() < sizeof length) {
      return std::optional<runtime::CheckReport>();
    }
    std::memcpy(&length, input_.data(), sizeof length);
    if (length > kMostReport) {
      return Error(ErrorCode::kInvalidArgument,
                   "the program sent a report of " + std::to_string(length) + " bytes");
    }
    if (input_.size() - sizeof length < length) {
      return std::optional<runtime::CheckReport>();
    }
    auto report = wire::decodeCheckReport(std::string_view(input_).substr(sizeof length, length));
    input_.erase(0, sizeof length + length);
    if (!report) {
      return std::move(report).error();
    }
    return std::optional<runtime::CheckReport>(*std::move(report));
  }
  Status send(std::string_view body) {
    const auto length = static_cast<std::uint32_t>(body.size());
    std::string frame(sizeof length, '\0');
    std::memcpy(frame.data(), &length, sizeof length);
    frame += body;
    for (std::size_t sent = 0; sent < frame.size();) {
      const ssize_t now = ::send(fd_, frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
      if (now < 0 && errno != EINTR) {
        return systemError(errno, "hand the state's places to the program");
      }
      sent += now > 0 ? static_cast<std::size_t>(now) : 0;
    }
    return ok();
  }

 private:
  int fd_;  // Owned by our caller.
  std::string input_;
};

std::vector<std::string> sandboxEnvironment() {
  namespace environment = program_environment;
  return {fmt::format("{}={}", environment::kMode, environment::kWorker),
          fmt::format("{}={}", environment::kWorkerDescriptor, ConfinedProcess::kSocket)};
}

/// A conversation with one process.
class Conversation {
 public:
  Conversation(const ProgramCall& call,
               const runtime::CheckRestore& check,
               Duration silence,
               const SandboxListener& listener,
               ReportStream& reports)
      : call_(call), check_(check), silence_(silence), listener_(listener), reports_(reports) {}

  /// Takes what has come. Errors end the conversation.
  Status take() {
    while (!finished_) {
      WEIR_TRY(const auto report, reports_.next());
      if (!report) {
        return ok();
      }
      heard_ = SystemClock().now();
      WEIR_RETURN_IF_ERROR(answer(*report));
    }
    return ok();
  }
  bool finished() const { return finished_; }
  /// Since when it has said nothing for too long; until it has built its graph main() has a time of
  /// its own.
  bool silent() const {
    return SystemClock().now() - heard_ > (asked_ ? silence_ : silence_ + call_.timeout);
  }

 private:
  Status answer(const runtime::CheckReport& report) {
    if (const auto* hello = std::get_if<runtime::CheckHello>(&report)) {
      if (!hello->checks) {
        return Error(ErrorCode::kInvalidArgument,
                     escaped(call_.path) + ": was built with Weir " + escaped(hello->version) +
                         ", whose programs cannot be checked")
            .advise("build it with this release");
      }
      return reports_.send(wire::encode(check_));
    }
    if (const auto* failed = std::get_if<runtime::CheckFailed>(&report)) {
      return Error(ErrorCode::kUserCode, escaped(failed->cause)).during(escaped(call_.path));
    }
    asked_ = true;
    finished_ = std::holds_alternative<runtime::CheckEnded>(report);
    if (!finished_) {
      listener_.heard(report);
    }
    return ok();
  }

  const ProgramCall& call_;
  const runtime::CheckRestore& check_;
  const Duration silence_;
  const SandboxListener& listener_;
  ReportStream& reports_;
  SteadyTime heard_ = SystemClock().now();
  bool asked_ = false;
  bool finished_ = false;
};

/// Listens until the process says that it is done, ends, or is given up; why it is, if it is.
Result<std::string> hearOut(Conversation& conversation,
                            ReportStream& reports,
                            Output& output,
                            int socket,
                            const ConfinedProcess& process,
                            const SandboxBounds& bounds,
                            const std::atomic<bool>& interrupted) {
  bool reads = true;
  SteadyTime next_look{};
  while (!conversation.finished()) {
    if (interrupted.load()) {
      return Error(ErrorCode::kCancelled, "interrupted before everything was looked at");
    }
    if (conversation.silent()) {
      return "did not get on for " + config::formatDuration(bounds.silence);
    }
    if (const SteadyTime now = SystemClock().now(); now >= next_look) {
      next_look = now + kMemoryTick;
      if (process.privateBytes() > bounds.memory) {
        return fmt::format("held more than {} of memory ({})",
                           config::formatMemorySize({bounds.memory}),
                           config::kCheckMemory.key);
      }
    }
    std::array<pollfd, 2> ends{
        {{socket, POLLIN, 0}, {reads ? output.descriptor() : -1, POLLIN, 0}}};
    (void)::poll(ends.data(), ends.size(), static_cast<int>(kMemoryTick.count()));
    if (ends[1].revents != 0) {
      reads = output.read();
    }
    if (ends[0].revents != 0) {
      WEIR_TRY(const bool more, reports.read());
      WEIR_RETURN_IF_ERROR(conversation.take());
      if (!more) {
        return std::string();
      }
    }
  }
  return std::string();
}

}  // namespace

Result<SandboxEnd> runSandbox(const ProgramCall& call,
                              const runtime::CheckRestore& check,
                              const SandboxBounds& bounds,
                              const std::string& directory,
                              const SandboxListener& listener,
                              const std::atomic<bool>& interrupted) {
  std::array<int, 2> pair{};
  std::array<int, 2> pipe{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return systemError(errno, "make a socket for the program");
  }
  const UniqueFd ours(pair[0]);
  UniqueFd theirs(pair[1]);
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return systemError(errno, "make a pipe for the program's output");
  }
  const UniqueFd written(pipe[0]);
  UniqueFd writing(pipe[1]);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(bounds.silence).count();
  const timeval bound{static_cast<time_t>(seconds + 1), 0};
  ::setsockopt(ours.get(), SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);

  WEIR_TRY(auto process,
           ConfinedProcess::start({.path = call.path,
                                   .arguments = call.arguments,
                                   .environment = sandboxEnvironment(),
                                   .directory = directory,
                                   .socket = theirs.get(),
                                   .output = writing.get()}));
  theirs.reset();
  writing.reset();
  ReportStream reports(ours.get());
  Output output(written.get(), listener.wrote);
  Conversation conversation(call, check, bounds.silence, listener, reports);
  WEIR_TRY(std::string given_up,
           hearOut(conversation, reports, output, ours.get(), process, bounds, interrupted));
  SandboxEnd end;
  end.finished = conversation.finished();
  if (end.finished) {
    output.rest();
    return end;
  }
  end.cause = std::move(given_up);
  if (end.cause.empty()) {
    const auto status = process.wait(kLastWords);
    end.cause = status ? describeExit(*status) : "closed its connection to the command";
  }
  end.lines = output.rest();
  return end;
}

}  // namespace weir::client
