#include "common/daemon/error_guard.h"

#include <array>
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weir::daemon {

ErrorGuard::ErrorGuard(OutputLimits limits) {
  struct stat info{};
  if (::fstat(STDERR_FILENO, &info) != 0 || !(S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode))) {
    return;
  }
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return;  // As without a guard.
  }
  real_ = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (real_ < 0 || ::dup2(pipe[1], STDERR_FILENO) < 0) {
    ::close(pipe[0]);
    ::close(pipe[1]);
    return;
  }
  ::close(pipe[1]);
  sink_ = std::make_unique<OutputSink>(real_, limits);
  thread_ = std::thread([this, reader = pipe[0]] { run(reader); });
}

ErrorGuard::~ErrorGuard() {
  if (thread_.joinable()) {
    ::dup2(real_, STDERR_FILENO);  // The last writer of the pipe: its reader sees the end.
    thread_.join();
    sink_.reset();
  }
  if (real_ >= 0) {
    ::close(real_);
  }
}

void ErrorGuard::run(int reader) {
  ::pthread_setname_np(::pthread_self(), "error-guard");
  std::array<char, 16 * 1024> bytes;
  for (;;) {
    const ssize_t got = ::read(reader, bytes.data(), bytes.size());
    if (got > 0) {
      sink_->write("", std::string(bytes.data(), static_cast<std::size_t>(got)));
    } else if (got == 0 || errno != EINTR) {
      break;
    }
  }
  ::close(reader);
}

}  // namespace weir::daemon
