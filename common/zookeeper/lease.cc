#include "common/zookeeper/lease.h"

#include <ctime>

namespace weir::zookeeper {

SteadyTime BootClock::now() const {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return SteadyTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

WallTime BootClock::wallNow() const { return std::chrono::system_clock::now(); }

void Lease::extend(SteadyTime sent, Duration timeout) {
  const auto until = (sent + timeout).time_since_epoch().count();
  auto known = until_.load();
  // An answer that comes after the end does not bring the lease back: others may lead by then.
  while (until > known && !ended_.load() && (known == 0 || holds()) &&
         !until_.compare_exchange_weak(known, until)) {
  }
  if (ended_.load()) {
    until_.store(1);
  }
}

void Lease::end() {
  ended_.store(true);
  until_.store(1);
}

Duration Lease::left() const {
  return Duration(until_.load() - clock_.now().time_since_epoch().count());
}

}  // namespace weir::zookeeper
