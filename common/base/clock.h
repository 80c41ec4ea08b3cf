#pragma once

#include <chrono>

namespace weir {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;
using Duration = std::chrono::nanoseconds;

/// Time, passed in so that a test or a simulation decides when it passes. Safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  /// For durations and deadlines; never jumps.
  virtual SteadyTime now() const = 0;
  /// For what people read; may jump.
  virtual WallTime wallNow() const = 0;
};

class SystemClock final : public Clock {
 public:
  SteadyTime now() const override;
  WallTime wallNow() const override;
};

/// Milliseconds since the Unix epoch, as HTTP, files and the command line print times.
inline std::int64_t toEpochMillis(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace weir
