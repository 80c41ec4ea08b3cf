// weir-launcher: becomes the program of a job, under the conditions that a task manager sets.
//
//     weir-launcher PARENT OOM_SCORE CORE_BYTES GROUP LIBRARIES DIRECTORY PROGRAM ARGV0 [ARG]...
//
// Or stays beside a task manager, as a process that is not its child, until the pipe that is its
// standard input ends with it; then it kills what the workers have started:
//
//     weir-launcher --sweep weir-tm-ID GROUP
//
// GROUP is the directory of a control group, or empty.
//
// Runs between posix_spawn and the user's main(), so that the task manager needs no fork of its
// own. Descriptors 0 to 3 are set up by the task manager (3 is the worker's socket); all others are
// closed here. Ends with 125 and one line on standard error when the program cannot be started.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "taskmanager/daemon/supervision/cgroup.h"
#include "taskmanager/daemon/supervision/process_table.h"

namespace {

constexpr int kFailed = 125;
constexpr unsigned kFirstUnused = 4;

int fail(const std::string& what) {
  const int error = errno;
  std::fprintf(stderr, "weir-launcher: %s: %s\n", what.c_str(), std::strerror(error));
  return kFailed;
}

void setOomScore(const char* score) {
  const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd >= 0) {
    // Without effect where it is not allowed: the kernel then chooses by size alone.
    [[maybe_unused]] const ssize_t written = ::write(fd, score, std::strlen(score));
    ::close(fd);
  }
}

void setCoreLimit(const char* bytes) {
  rlimit core{};
  if (::getrlimit(RLIMIT_CORE, &core) == 0) {
    core.rlim_cur = std::min<rlim_t>(std::strtoull(bytes, nullptr, 10), core.rlim_max);
    ::setrlimit(RLIMIT_CORE, &core);
  }
}

/// Nothing is started outside of its group unnoticed; what is, is still found by descent.
void enter(const char* group) {
  if (const int error = *group == '\0' ? 0 : weir::taskmanager::enterGroup(group); error != 0) {
    std::fprintf(stderr,
                 "weir-launcher: enter control group %s: %s; goes on outside of it\n",
                 group,
                 std::strerror(error));
  }
}

int sweep(const char* directory_name, const char* group) {
  if (::fork() != 0) {
    ::_exit(0);  // What goes on is nobody's child, so that it outlives the task manager.
  }
  ::setsid();
  ::prctl(PR_SET_NAME, "weir-sweeper");
  ::close_range(kFirstUnused - 1, ~0U, 0);
  if (::chdir("/") != 0) {
    return kFailed;
  }
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0 || errno == EINTR) {
    errno = 0;
  }
  constexpr int kMostPasses = 600;  // Of 50 ms.
  if (*group != '\0') {
    // First without waiting: what was killed goes away while the others are looked for.
    weir::taskmanager::sweepGroup(group, 1);
  }
  weir::taskmanager::sweepProcesses(directory_name, kMostPasses);
  if (*group != '\0') {
    weir::taskmanager::sweepGroup(group, kMostPasses);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::strcmp(argv[1], "--sweep") == 0) {
    return sweep(argv[2], argv[3]);
  }
  if (argc < 9) {
    std::fprintf(stderr, "weir-launcher: is started by weir-taskmanager only\n");
    return 2;
  }
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
    return fail("set the death signal");
  }
  if (::getppid() != std::atoi(argv[1])) {
    return kFailed;  // The task manager died before the death signal was set.
  }
  ::close_range(kFirstUnused, ~0U, 0);
  enter(argv[4]);
  setOomScore(argv[2]);
  setCoreLimit(argv[3]);
  if (::chdir(argv[6]) != 0) {
    return fail(std::string("enter ") + argv[6]);
  }
  if (*argv[5] != '\0') {
    ::setenv("LD_LIBRARY_PATH", argv[5], 1);
  }
  ::execv(argv[7], argv + 8);
  if (errno == ENOENT && ::access(argv[7], F_OK) == 0) {
    std::fprintf(
        stderr,
        "weir-launcher: execute %s: its interpreter or dynamic linker does not exist here\n",
        argv[8]);
    return kFailed;
  }
  return fail(std::string("execute ") + argv[8]);
}
