#include "common/base/lease.h"

#include <string_view>

#include <poll.h>
#include <time.h>
#include <unistd.h>

namespace weir {

std::int64_t nanosSinceBoot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::int64_t coarseNanos() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

bool Lease::expired() const {
  const std::int64_t until = this->until();
  return until != kForEver && nanosSinceBoot() > until;
}

void Lease::endProcess() {
  constexpr std::string_view kWhy =
      "weir: the lease of this worker has run out: its task manager or itself was stopped, or the "
      "job manager did not answer; it ends before it writes anything more\n";
  // A task manager that is stopped does not read, and a full pipe must not keep us.
  pollfd error{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&error, 1, 0) == 1 && (error.revents & POLLOUT) != 0) {
    (void)!::write(STDERR_FILENO, kWhy.data(), kWhy.size());
  }
  ::_exit(kExitStatus);
}

}  // namespace weir
