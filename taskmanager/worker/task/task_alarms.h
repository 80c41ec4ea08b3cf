#pragma once

#include <cstdint>

#include "common/base/clock.h"
#include "common/functions/alarms.h"

namespace weir::worker {

/// The clock and the alarms of one task's operators. Lives as long as the task; its thread.
///
/// Alarms are set for a time of day, which may jump: however far it lies ahead, it is looked at
/// again after a second.
class TaskAlarms final : public functions::ProcessingTime {
 public:
  explicit TaskAlarms(const Clock& clock) : clock_(clock) {}

  std::int64_t now() const override { return toEpochMillis(clock_.wallNow()); }
  void set(functions::Alarm& alarm, std::int64_t time) override;
  void cancel(functions::Alarm& alarm) override { alarms_.cancel(alarm); }

  /// When ring() is to be called at the latest; max() where no alarm is set.
  SteadyTime next() const { return next_; }
  /// Rings what is due.
  void ring();

 private:
  void plan();

  const Clock& clock_;
  functions::Alarms alarms_;
  SteadyTime next_ = SteadyTime::max();
};

}  // namespace weir::worker
