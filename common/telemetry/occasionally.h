#pragma once

#include <cstdint>

#include "common/base/clock.h"

namespace weir::log {

/// Keeps a line that peers can provoke from filling the log: at most one a second, with a count.
///
/// Threads: one.
class Occasionally {
 public:
  /// How often it has happened since the last line, this time included; 0: no line now.
  std::uint64_t due(SteadyTime now) {
    ++happened_;
    if (now < next_) {
      return 0;
    }
    next_ = now + std::chrono::seconds(1);
    const std::uint64_t count = happened_;
    happened_ = 0;
    return count;
  }

 private:
  std::uint64_t happened_ = 0;
  SteadyTime next_{};
};

}  // namespace weir::log
