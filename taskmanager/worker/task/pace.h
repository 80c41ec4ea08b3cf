#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "common/base/clock.h"

namespace weir::worker {

/// How many records a task handles before it looks at its mail again: about a millisecond's worth.
/// Starts at one, since the user's function may be slow. Pure logic; the task's thread.
class Pace {
 public:
  static constexpr std::size_t kMost = 1 << 14;

  std::size_t limit() const { return limit_; }
  /// A sub-batch took `elapsed`; `full`: the limit ended it.
  void took(Duration elapsed, bool full) {
    if (elapsed > std::chrono::milliseconds(2)) {
      const auto excess = static_cast<std::size_t>(elapsed / std::chrono::milliseconds(1));
      limit_ = std::max<std::size_t>(1, limit_ / excess);
    } else if (full && elapsed < std::chrono::microseconds(500)) {
      limit_ = std::min(kMost, limit_ * 2);
    }
  }

 private:
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
