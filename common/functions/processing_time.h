#pragma once

#include <cstdint>

namespace weir::functions {

/// Is called when a time has come. Task's thread.
class Alarm {
 public:
  virtual ~Alarm() = default;
  /// Between two batches. `now`: the last millisecond that is over, not before the time that was
  /// set; of a clock that is moved by hand, what ProcessingTime::now() says.
  virtual void ring(std::int64_t now) = 0;
};

/// The time of day as a task sees it, in milliseconds since the epoch. Outlives the operators; on
/// their thread.
class ProcessingTime {
 public:
  virtual ~ProcessingTime() = default;
  virtual std::int64_t now() const = 0;
  /// Rings `alarm` once when `time` is over; what was set before for it is forgotten. It does not
  /// ring while the call runs, also where `time` is over.
  virtual void set(Alarm& alarm, std::int64_t time) = 0;
  /// Forgets what was set; before the alarm ends.
  virtual void cancel(Alarm& alarm) = 0;
};

}  // namespace weir::functions
