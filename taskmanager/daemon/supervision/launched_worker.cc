#include "taskmanager/daemon/supervision/launched_worker.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "taskmanager/daemon/supervision/spawn.h"

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
  const auto add = [&](const char* name, const std::string& value) {
    environment.push_back(std::string(name) + "=" + value);
  };
  add(kWorkerMark, spec.directory);
  add(program_environment::kMode, program_environment::kWorker);
  add(program_environment::kWorkerDescriptor, std::to_string(kWorkerDescriptor));
  environment.insert(environment.end(), spec.environment.begin(), spec.environment.end());
  return environment;
}

std::vector<std::string> argumentsOf(const LaunchSpec& spec, const std::string& group) {
  std::vector<std::string> arguments{"weir-launcher",
                                     std::to_string(::getpid()),
                                     std::to_string(spec.oom_score_adj),
                                     std::to_string(spec.core_bytes),
                                     group,
                                     spec.libraries,
                                     spec.working_directory,
                                     spec.program,
                                     spec.name};
  arguments.insert(arguments.end(), spec.arguments.begin(), spec.arguments.end());
  return arguments;
}

SpawnSpec spawnSpecOf(const LaunchSpec& spec, const std::string& group, std::vector<int> files) {
  return {spec.launcher,
          argumentsOf(spec, group),
          environmentOf(spec),
          std::move(files),
          /*own_process_group=*/true};
}

/// The reading end does not block.
Status openPipe(UniqueFd& reader, UniqueFd& writer) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return systemError(errno, "create a pipe");
  }
  reader = UniqueFd(pipe[0]);
  writer = UniqueFd(pipe[1]);
  ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
  return ok();
}

}  // namespace

Result<std::unique_ptr<LaunchedWorker>> LaunchedWorker::start(IoLoop& loop,
                                                              const LaunchSpec& spec,
                                                              WorkerOutput output,
                                                              std::unique_ptr<WorkerCgroup> group,
                                                              Events events) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return systemError(errno, "create a socket pair");
  }
  UniqueFd ours(pair[0]);
  const UniqueFd theirs(pair[1]);
  UniqueFd out;
  UniqueFd out_writer;
  UniqueFd errors;
  UniqueFd error_writer;
  WEIR_RETURN_IF_ERROR(openPipe(out, out_writer));
  WEIR_RETURN_IF_ERROR(openPipe(errors, error_writer));
  // The socket is kWorkerDescriptor.
  WEIR_TRY(const pid_t pid,
           spawnProcess(spawnSpecOf(spec,
                                    group ? group->path() : "",
                                    {-1, out_writer.get(), error_writer.get(), theirs.get()})));
  UniqueFd pidfd(
      static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));  // glibc 2.36 has no C++ header.
  if (!pidfd) {
    const int error = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return systemError(error, "watch process " + std::to_string(pid));
  }
  std::unique_ptr<LaunchedWorker> process(
      new LaunchedWorker(loop, pid, std::move(pidfd), spec.directory, std::move(events)));
  LaunchedWorker* self = process.get();
  self->group_ = std::move(group);
  self->label_ = std::move(output.label);
  self->output_.sink = output.standard_output;
  self->errors_.sink = output.standard_error;
  self->errors_.tail = &self->tail_;
  self->open(self->output_, std::move(out));
  self->open(self->errors_, std::move(errors));
  process->socket_ = std::make_unique<WorkerSocket>(
      loop,
      std::move(ours),
      [self](std::string frame) { self->events_.on_frame(std::move(frame)); },
      [self](std::string reason) { self->events_.on_end(std::move(reason)); });
  return process;
}

LaunchedWorker::LaunchedWorker(
    IoLoop& loop, pid_t pid, UniqueFd pidfd, std::string directory, Events events)
    : loop_(loop),
      pid_(pid),
      pidfd_(std::move(pidfd)),
      directory_(std::move(directory)),
      events_(std::move(events)),
      exit_watch_(loop_.watch(pidfd_.get(), [this] { onExited(); })) {
  exit_watch_->awaitReadable();
}

LaunchedWorker::~LaunchedWorker() {
  if (!reaped_) {
    kill();
    ::waitpid(pid_, nullptr, 0);
    killFamily();
  }
}

void LaunchedWorker::kill() {
  if (!reaped_) {
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);  // It may not have become the leader of its group yet.
    killFamily();
  }
}

void LaunchedWorker::askForStacks() const {
  if (!reaped_) {
    ::kill(pid_, SIGQUIT);
  }
}

std::vector<ProcessInfo> LaunchedWorker::family(const ProcessTable& table) {
  std::vector<ProcessInfo> members;
  const auto add = [&](pid_t root) {
    for (const ProcessInfo& one : table.treeOf(root)) {
      if (one.state != 'Z' &&
          std::ranges::find(members, one.pid, &ProcessInfo::pid) == members.end()) {
        members.push_back(one);
      }
    }
  };
  if (!reaped_) {
    add(pid_);
  }
  if (group_) {
    for (const pid_t pid : group_->processes()) {
      add(pid);
    }
  }
  // Who has lost its parent is a child of the process that gathers orphans: of ours or of the
  // first.
  for (const ProcessInfo& one : table.all()) {
    const auto known = known_.find(one.pid);
    const bool seen = known != known_.end() && known->second == one.started;
    const bool orphan = one.parent == ::getpid() || one.parent == 1;
    if (one.pid != pid_ && one.state != 'Z' &&
        (seen || (orphan && environmentHas(one.pid, kWorkerMark, directory_)))) {
      add(one.pid);
    }
  }
  known_.clear();
  for (const ProcessInfo& one : members) {
    known_.emplace(one.pid, one.started);
  }
  return members;
}

/// Whoever is killed may have had a child just then: looks again until nobody new is there.
void LaunchedWorker::killFamily() {
  constexpr int kMostLooks = 100;
  std::map<pid_t, std::uint64_t> killed;
  if (group_) {
    group_->kill();
  }
  for (int look = 0; look < kMostLooks; ++look) {
    bool found = false;
    for (const ProcessInfo& one : family(ProcessTable::read())) {
      if (killed.emplace(one.pid, one.started).second) {
        ::kill(one.pid, SIGKILL);
        found = true;
      }
    }
    if (!found) {
      return;
    }
  }
}

void LaunchedWorker::onExited() {
  // While the leader is a zombie its number cannot be given to another group.
  ::kill(-pid_, SIGKILL);
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) {
    exit_watch_->awaitReadable();
    return;
  }
  reaped_ = true;
  killFamily();
  socket_->drain();
  finish(output_);
  finish(errors_);
  ProcessExit exit;
  exit.signaled = WIFSIGNALED(status);
  exit.number = exit.signaled ? WTERMSIG(status) : WEXITSTATUS(status);
  events_.on_exit(exit);
}

void LaunchedWorker::open(Stream& stream, UniqueFd reader) {
  stream.reader = std::move(reader);
  stream.watch = loop_.watch(stream.reader.get(), [this, &stream] { onReadable(stream); });
  stream.watch->awaitReadable();
}

void LaunchedWorker::onReadable(Stream& stream) {
  if (read(stream) || errno == EAGAIN) {
    stream.watch->awaitReadable();
  }
}

bool LaunchedWorker::read(Stream& stream) {
  constexpr std::size_t kMostPartial = 64 * 1024;
  std::array<char, 16 * 1024> buffer;
  const ssize_t got = ::read(stream.reader.get(), buffer.data(), buffer.size());
  if (got > 0) {
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    if (stream.tail != nullptr) {
      stream.tail->add(bytes);
    }
    if (stream.sink != nullptr) {
      stream.partial += bytes;
      const std::size_t newline = stream.partial.rfind('\n');
      const std::size_t whole = newline != std::string::npos           ? newline + 1
                                : stream.partial.size() > kMostPartial ? stream.partial.size()
                                                                       : 0;
      stream.sink->write(label_, stream.partial.substr(0, whole));
      stream.partial.erase(0, whole);
    }
    return true;
  }
  if (got == 0) {
    errno = 0;
  }
  return got < 0 && errno == EINTR;
}

void LaunchedWorker::finish(Stream& stream) {
  while (read(stream)) {
  }
  if (stream.tail != nullptr) {
    stream.tail->finish();
  }
  if (stream.sink != nullptr && !stream.partial.empty()) {
    stream.sink->write(label_, std::exchange(stream.partial, {}) + "\n");
  }
  stream.watch.reset();
}

std::uint64_t LaunchedWorker::memoryBytes(const ProcessTable& table, std::uint64_t limit) {
  const std::vector<ProcessInfo> members = family(table);
  std::uint64_t bytes = 0;
  for (const ProcessInfo& one : members) {
    bytes += one.resident;
  }
  if (bytes <= limit || members.size() < 2) {
    return bytes;
  }
  std::uint64_t proportional = 0;
  for (const ProcessInfo& one : members) {
    const std::uint64_t own = proportionalBytes(one.pid);
    proportional += own == 0 ? one.resident : own;
  }
  return proportional;
}

}  // namespace weir::taskmanager
