// weir-launcher: becomes the program of a job, under the conditions that a task manager sets.
//
//     weir-launcher PARENT OOM_SCORE LIBRARIES DIRECTORY PROGRAM ARGV0 [ARGUMENT]...
//
// Runs between posix_spawn and the user's main(), so that the task manager needs no fork of its
// own. Descriptors 0 to 3 are set up by the task manager (3 is the worker's socket); all others are
// closed here. Ends with 125 and one line on standard error when the program cannot be started.
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

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) {
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
  setOomScore(argv[2]);
  rlimit core{};
  if (::getrlimit(RLIMIT_CORE, &core) == 0) {
    core.rlim_cur = 0;
    ::setrlimit(RLIMIT_CORE, &core);
  }
  if (::chdir(argv[4]) != 0) {
    return fail(std::string("enter ") + argv[4]);
  }
  if (*argv[3] != '\0') {
    ::setenv("LD_LIBRARY_PATH", argv[3], 1);
  }
  ::execv(argv[5], argv + 6);
  if (errno == ENOENT && ::access(argv[5], F_OK) == 0) {
    std::fprintf(
        stderr,
        "weir-launcher: execute %s: its interpreter or dynamic linker does not exist here\n",
        argv[6]);
    return kFailed;
  }
  return fail(std::string("execute ") + argv[6]);
}
