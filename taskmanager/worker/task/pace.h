#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "common/base/clock.h"

namespace weir::worker {

/// How many records a task handles before it looks at its mail again: about a millisecond's worth.
/// Starts at one, since the user's function may be slow. Pure logic; the task's thread.
class Pace {
 public:
  static constexpr std::size_t kMost = 1 << 14;

  std::size_t limit() const { return limit_; }
  /// A sub-batch kept the task busy and waiting for room; `full`: the limit ended it. Waiting
  /// counts less, since room comes in steps, but it too holds up mail.
  void took(Duration busy, Duration waiting, bool full) {
    if (busy > kMostBusy) {
      shrink(busy / std::chrono::milliseconds(1));
    } else if (waiting > kMostWaiting) {
      shrink(waiting / (kMostWaiting / 2));
    } else if (full && busy < kMostBusy / 4 && waiting < kMostWaiting / 4) {
      limit_ = std::min(kMost, limit_ * 2);
    }
  }

 private:
  static constexpr Duration kMostBusy = std::chrono::milliseconds(2);
  static constexpr Duration kMostWaiting = std::chrono::milliseconds(20);

  void shrink(std::int64_t times) {
    limit_ = std::max<std::size_t>(1, limit_ / static_cast<std::size_t>(times));
  }

  std::size_t limit_ = 1;
};

/// How long a source rests after it had nothing: 50 us, doubling up to 10 ms.
class BackOff {
 public:
  Duration next() {
    const Duration now = rest_;
    rest_ = std::min<Duration>(rest_ * 2, std::chrono::milliseconds(10));
    return now;
  }
  void reset() { rest_ = kFirst; }

 private:
  static constexpr Duration kFirst = std::chrono::microseconds(50);
  Duration rest_ = kFirst;
};

}  // namespace weir::worker
