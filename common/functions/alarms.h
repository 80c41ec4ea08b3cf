#pragma once

#include <cstdint>
#include <vector>

#include "common/functions/processing_time.h"

namespace weir::functions {

/// The alarms that are set in one task. Task's thread.
class Alarms {
 public:
  void set(Alarm& alarm, std::int64_t time);
  void cancel(const Alarm& alarm);
  /// Of the next alarm; INT64_MAX where none is set.
  std::int64_t next() const;
  /// Rings what is set for `now` or before, in order of time, each alarm once.
  void ring(std::int64_t now);

 private:
  struct Set {
    Alarm* alarm = nullptr;  // Of an operator.
    std::int64_t time = 0;
  };
  std::vector<Set> set_;  // A few.
};

/// Time that stands still until it is moved: for functions that run without a task.
class ManualTime final : public ProcessingTime {
 public:
  explicit ManualTime(std::int64_t now = 0) : now_(now) {}
  std::int64_t now() const override { return now_; }
  void set(Alarm& alarm, std::int64_t time) override { alarms_.set(alarm, time); }
  void cancel(Alarm& alarm) override { alarms_.cancel(alarm); }
  /// Moves on to `time`, and lets every alarm on the way ring when its time is there.
  void advanceTo(std::int64_t time);
  /// Moves on to `time` as it does for a process that is stopped: nothing rings before the next
  /// advanceTo().
  void stopUntil(std::int64_t time) { now_ = time; }

 private:
  std::int64_t now_;
  Alarms alarms_;
};

}  // namespace weir::functions
