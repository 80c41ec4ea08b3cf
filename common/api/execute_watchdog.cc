#include "common/api/execute_watchdog.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace weir::api {

namespace {

/// Whether `timeout` has passed before the descriptor became readable.
bool isOver(int wake, Duration timeout) {
  const SystemClock clock;
  const SteadyTime start = clock.now();
  for (;;) {
    const Duration left = timeout - (clock.now() - start);
    if (left <= Duration::zero()) {
      return true;
    }
    constexpr std::chrono::milliseconds kLongest = std::chrono::hours(1);
    const auto wait = std::min(std::chrono::ceil<std::chrono::milliseconds>(left), kLongest);
    pollfd entry{wake, POLLIN, 0};
    if (::poll(&entry, 1, static_cast<int>(wait.count())) > 0) {
      return false;
    }
  }
}

/// Signals are for the threads of the program.
std::thread startWithoutSignals(std::function<void()> run) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(run));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

ExecuteWatchdog::ExecuteWatchdog(Duration timeout, std::function<void()> late)
    : wake_(::eventfd(0, EFD_CLOEXEC)), owner_(::getpid()) {
  if (wake_ >= 0) {
    thread_ = startWithoutSignals([wake = wake_, timeout, late = std::move(late)] {
      if (isOver(wake, timeout)) {
        late();
      }
    });
  }
}

ExecuteWatchdog::~ExecuteWatchdog() {
  if (!thread_.joinable()) {
    return;
  }
  if (::getpid() != owner_) {
    thread_.detach();  // There is none in this process: waiting for it would not end.
    return;
  }
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
  thread_.join();
  ::close(wake_);
}

}  // namespace weir::api
