#include "common/client/child_process.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "common/base/exec_words.h"

namespace weir::client {

Result<ChildProcess> ChildProcess::start(const Settings& settings) {
  std::vector<std::string> arguments = settings.arguments;
  arguments.insert(arguments.begin(), settings.path);
  std::vector<std::string> environment = mergedEnvironment(settings.environment);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (settings.inherited_descriptor >= 0) {
    // dup2 onto itself clears close-on-exec (POSIX.1-2008, posix_spawn_file_actions_adddup2).
    ::posix_spawn_file_actions_adddup2(
        &actions, settings.inherited_descriptor, settings.inherited_descriptor);
  }
  if (settings.stdout_descriptor >= 0) {
    ::posix_spawn_file_actions_adddup2(&actions, settings.stdout_descriptor, STDOUT_FILENO);
  } else if (settings.stdout_to_stderr) {
    ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  }
  // A path without a slash means the working directory, as the user sees the file there.
  const std::string path =
      settings.path.find('/') == std::string::npos ? "./" + settings.path : settings.path;
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid,
                                  path.c_str(),
                                  &actions,
                                  nullptr,
                                  pointersTo(arguments).data(),
                                  pointersTo(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return systemError(error, settings.path + ": cannot be started");
  }
  return ChildProcess(pid);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) {
    kill();
  }
}

std::optional<int> ChildProcess::wait(Duration timeout) {
  const SteadyTime deadline = SystemClock().now() + timeout;
  auto pause = std::chrono::microseconds(200);
  for (;;) {
    int status = 0;
    const pid_t reaped = ::waitpid(pid_, &status, WNOHANG);
    if (reaped == pid_) {
      pid_ = -1;
      return status;
    }
    if (SystemClock().now() >= deadline) {
      return std::nullopt;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(20'000));
  }
}

void ChildProcess::kill() {
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

std::string describeExit(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    return fmt::format("was ended by signal {} ({})", signal, ::strsignal(signal));
  }
  return fmt::format("exited with status {}", WEXITSTATUS(wait_status));
}

Result<std::string> captureOutput(ChildProcess::Settings settings, Duration timeout) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return systemError(errno, "make a pipe");
  }
  settings.stdout_descriptor = ends[1];
  auto child = ChildProcess::start(settings);
  ::close(ends[1]);
  std::string output;
  if (child) {
    std::array<char, 4096> chunk;
    pollfd entry{ends[0], POLLIN, 0};
    const int millis =
        static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count());
    while (::poll(&entry, 1, millis) > 0) {
      const ssize_t got = ::read(ends[0], chunk.data(), chunk.size());
      if (got <= 0) {
        break;
      }
      output.append(chunk.data(), static_cast<std::size_t>(got));
    }
  }
  ::close(ends[0]);
  if (!child) {
    return std::move(child).error();
  }
  if (!child->wait(std::chrono::seconds(5))) {
    child->kill();
  }
  return output;
}

}  // namespace weir::client
