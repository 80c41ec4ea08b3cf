#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "common/base/clock.h"

namespace weir {

/// Holds a source back to so many records a second. What was not emitted during a pause is not made
/// up for, but for the last tenth of a second. A plain value, one thread.
class Pace {
 public:
  /// Without limit.
  Pace() = default;
  explicit Pace(double records_per_second) : rate_(records_per_second) {}

  bool limited() const { return rate_ > 0; }

  /// How many records may be emitted at `now`; tell with emitted() how many were.
  std::uint64_t allowed(SteadyTime now) {
    if (!limited()) {
      return UINT64_MAX;
    }
    if (last_ != SteadyTime{}) {
      const double seconds = std::chrono::duration<double>(now - last_).count();
      credit_ = std::min(credit_ + seconds * rate_, std::max(1.0, rate_ / 10));
    }
    last_ = now;
    return static_cast<std::uint64_t>(credit_);
  }
  void emitted(std::uint64_t records) {
    if (limited()) {
      credit_ -= static_cast<double>(records);
    }
  }
  /// When allowed() will be above zero; at least a millisecond from the last call of it, so that a
  /// high rate comes in small batches.
  SteadyTime nextAt() const {
    const std::chrono::duration<double> wait(std::max(0.001, (1 - credit_) / rate_));
    return last_ + std::chrono::duration_cast<SteadyTime::duration>(wait) +
           std::chrono::microseconds(1);
  }

 private:
  double rate_ = 0;  // Records a second; 0: unlimited.
  double credit_ = 1;
  SteadyTime last_{};
};

}  // namespace weir
