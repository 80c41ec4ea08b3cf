#pragma once

#include <cstdint>

#include "common/functions/processing_time.h"
#include "common/functions/time.h"

namespace weir {

namespace functions {
class OperatorTimers;
}  // namespace functions

/// Time as an operator sees it, and the timers of the key at hand. The operator's; valid during the
/// call that got it, on the task's thread.
///
/// Times are milliseconds since the epoch. A key has one timer for each time and domain; one that
/// is due when it is registered fires at the next watermark, or tick of the clock, at the latest.
/// Timers are state: they are saved and restored. Registering one throws state::StateError where
/// there is no key at hand, on streams without key too, and where the function has no onTimer().
class TimerService {
 public:
  /// Of all inputs; INT64_MIN until there is one.
  std::int64_t currentWatermark() const { return watermark_; }
  std::int64_t currentProcessingTime() const { return clock_->now(); }
  /// Calls onTimer() when the watermark reaches `time`.
  void registerEventTimeTimer(std::int64_t time) { add(TimeDomain::kEventTime, time); }
  /// Calls onTimer() when the clock reaches `time`, unless the input has ended.
  void registerProcessingTimeTimer(std::int64_t time) { add(TimeDomain::kProcessingTime, time); }
  void deleteEventTimeTimer(std::int64_t time) { remove(TimeDomain::kEventTime, time); }
  void deleteProcessingTimeTimer(std::int64_t time) { remove(TimeDomain::kProcessingTime, time); }

  /// For operators. All outlives this; `timers` is null where there are none, and `keyed` says
  /// whether that is for lack of an onTimer().
  void open(const functions::ProcessingTime& clock, functions::OperatorTimers* timers, bool keyed) {
    clock_ = &clock;
    timers_ = timers;
    keyed_ = keyed;
  }
  void advance(std::int64_t watermark) { watermark_ = watermark; }

 private:
  void add(TimeDomain domain, std::int64_t time);
  void remove(TimeDomain domain, std::int64_t time);
  functions::OperatorTimers& timers(const char* what) const;

  std::int64_t watermark_ = INT64_MIN;
  const functions::ProcessingTime* clock_ = nullptr;  // The task's.
  functions::OperatorTimers* timers_ = nullptr;       // The operator's.
  bool keyed_ = false;
};

}  // namespace weir
