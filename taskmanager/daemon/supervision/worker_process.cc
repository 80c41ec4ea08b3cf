#include "taskmanager/daemon/supervision/worker_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace weir::taskmanager {

namespace {

constexpr int kWorkerDescriptor = 3;

std::vector<std::string> environmentOf(const LaunchSpec& spec) {
  std::vector<std::string> environment;
  for (const char* name : {"PATH", "HOME", "LANG", "LC_ALL", "TZ"}) {
    if (const char* value = std::getenv(name); value != nullptr) {
      environment.push_back(std::string(name) + "=" + value);
    }
  }
  environment.push_back("TMPDIR=" + spec.working_directory);
  environment.push_back("WEIR_MODE=worker");
  environment.push_back("WEIR_WORKER_FD=" + std::to_string(kWorkerDescriptor));
  environment.insert(environment.end(), spec.environment.begin(), spec.environment.end());
  return environment;
}

std::vector<std::string> argumentsOf(const LaunchSpec& spec) {
  std::vector<std::string> arguments{"weir-launcher",
                                     std::to_string(::getpid()),
                                     std::to_string(spec.oom_score_adj),
                                     spec.libraries,
                                     spec.working_directory,
                                     spec.program,
                                     spec.name};
  arguments.insert(arguments.end(), spec.arguments.begin(), spec.arguments.end());
  return arguments;
}

std::vector<char*> pointersTo(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

Result<pid_t> spawn(const LaunchSpec& spec, int socket, int errors) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, errors, 2);
  ::posix_spawn_file_actions_adddup2(&actions, socket, kWorkerDescriptor);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> arguments = argumentsOf(spec);
  std::vector<std::string> environment = environmentOf(spec);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid,
                                  spec.launcher.c_str(),
                                  &actions,
                                  &attributes,
                                  pointersTo(arguments).data(),
                                  pointersTo(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    return systemError(error, "start " + spec.launcher);
  }
  return pid;
}

}  // namespace

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(IoLoop& loop,
                                                            const LaunchSpec& spec,
                                                            Events events) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return systemError(errno, "create a socket pair");
  }
  UniqueFd ours(pair[0]);
  const UniqueFd theirs(pair[1]);
  if (::pipe2(pair.data(), O_CLOEXEC) != 0) {
    return systemError(errno, "create a pipe");
  }
  UniqueFd errors(pair[0]);
  const UniqueFd error_writer(pair[1]);
  ::fcntl(errors.get(), F_SETFL, O_NONBLOCK);
  WEIR_TRY(const pid_t pid, spawn(spec, theirs.get(), error_writer.get()));
  UniqueFd pidfd(
      static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));  // glibc 2.36 has no C++ header.
  if (!pidfd) {
    const int error = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return systemError(error, "watch process " + std::to_string(pid));
  }
  std::unique_ptr<WorkerProcess> process(
      new WorkerProcess(loop, pid, std::move(pidfd), std::move(errors), std::move(events)));
  WorkerProcess* self = process.get();
  process->socket_ = std::make_unique<FrameSocket>(
      loop,
      std::move(ours),
      [self](std::string frame) { self->events_.on_frame(std::move(frame)); },
      [self](std::string reason) { self->events_.on_end(std::move(reason)); });
  return process;
}

WorkerProcess::WorkerProcess(
    IoLoop& loop, pid_t pid, UniqueFd pidfd, UniqueFd errors, Events events)
    : loop_(loop),
      pid_(pid),
      pidfd_(std::move(pidfd)),
      errors_(std::move(errors)),
      events_(std::move(events)),
      exit_watch_(loop_.watch(pidfd_.get(), [this] { onExited(); })),
      error_watch_(loop_.watch(errors_.get(), [this] { onStandardError(); })) {
  exit_watch_->awaitReadable();
  error_watch_->awaitReadable();
}

WorkerProcess::~WorkerProcess() {
  if (!reaped_) {
    kill();
    ::waitpid(pid_, nullptr, 0);
  }
}

void WorkerProcess::kill() {
  if (!reaped_) {
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);  // It may not have become the leader of its group yet.
  }
}

void WorkerProcess::onExited() {
  // While the leader is a zombie its number cannot be given to another group.
  ::kill(-pid_, SIGKILL);
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) {
    exit_watch_->awaitReadable();
    return;
  }
  reaped_ = true;
  socket_->drain();
  while (readStandardError()) {
  }
  forward(tail_.finish());
  error_watch_.reset();
  ProcessExit exit;
  exit.signaled = WIFSIGNALED(status);
  exit.number = exit.signaled ? WTERMSIG(status) : WEXITSTATUS(status);
  events_.on_exit(exit);
}

void WorkerProcess::onStandardError() {
  if (readStandardError() || errno == EAGAIN) {
    error_watch_->awaitReadable();
  }
}

bool WorkerProcess::readStandardError() {
  std::array<char, 16 * 1024> buffer;
  const ssize_t got = ::read(errors_.get(), buffer.data(), buffer.size());
  if (got > 0) {
    forward(tail_.add({buffer.data(), static_cast<std::size_t>(got)}));
    return true;
  }
  if (got == 0) {
    errno = 0;
  }
  return got < 0 && errno == EINTR;
}

void WorkerProcess::forward(const std::string& lines) {
  std::size_t at = 0;
  while (at < lines.size()) {
    const ssize_t written = ::write(STDERR_FILENO, lines.data() + at, lines.size() - at);
    if (written < 0 && errno != EINTR) {
      return;
    }
    at += written > 0 ? static_cast<std::size_t>(written) : 0;
  }
}

std::uint64_t WorkerProcess::residentBytes() const {
  std::FILE* file = std::fopen(("/proc/" + std::to_string(pid_) + "/statm").c_str(), "re");
  if (file == nullptr) {
    return 0;
  }
  unsigned long total = 0;
  unsigned long resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &total, &resident);
  std::fclose(file);
  return read == 2 ? std::uint64_t{resident} * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))
                   : 0;
}

}  // namespace weir::taskmanager
