#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "common/base/lease.h"
#include "common/functions/at_work.h"
#include "common/functions/processing_time.h"
#include "common/functions/time.h"
#include "common/state/timers.h"

namespace weir::functions {

/// The timers of one keyed operator in both domains: set for the key at hand, in its namespace, and
/// fired in order of time with that at hand. The operator's; its thread.
class OperatorTimers final : private Alarm {
 public:
  /// Whom a timer calls: the operator.
  class Target {
   public:
    virtual ~Target() = default;
    /// With the timer's key, in its namespace, at hand in the backend.
    virtual void onTimer(std::int64_t time, TimeDomain domain) = 0;
    /// Processing-time timers have fired: hands on what they let out.
    virtual void onTimersFired() = 0;
  };

  OperatorTimers();
  ~OperatorTimers() override;

  /// Finds or makes the two states; before the backend is restored.
  Status bind(state::KeyedBackend& backend);
  /// Takes up what was restored. All outlives this but `glance`, which is copied. `ended`: the
  /// input had ended, and timers that go by the clock do not fire.
  Status open(
      ProcessingTime& clock, Work& work, const LeaseGlance& glance, Target& target, bool ended);

  std::int64_t currentWatermark() const { return watermark_; }
  std::int64_t currentProcessingTime() const { return clock_->now(); }
  /// For the key at hand. Throws state::StateError where there is none.
  void add(TimeDomain domain, std::int64_t time);
  void remove(TimeDomain domain, std::int64_t time);
  bool has(TimeDomain domain, std::int64_t time) const;
  /// All of the key at hand, in order.
  std::vector<std::int64_t> times(TimeDomain domain) const;

  /// Some that fire next, as state::Timers knows them.
  std::span<const state::TimerQueue::Entry> coming(TimeDomain domain) const {
    return (domain == TimeDomain::kEventTime ? event_ : processing_).coming();
  }

  /// The watermark has come so far: fires what it has reached.
  void advance(std::int64_t watermark);
  /// No record follows, and timers that go by the clock do not fire any more.
  void endInput();

 private:
  void ring(std::int64_t now) override;
  /// At most `most` of them.
  void fire(state::Timers& timers, std::int64_t until, TimeDomain domain, std::size_t most);
  void checkKey(const char* what) const;
  void setAlarm();

  state::KeyedBackend* backend_ = nullptr;
  ProcessingTime* clock_ = nullptr;
  Work* work_ = nullptr;
  Target* target_ = nullptr;
  LeaseGlance glance_;
  state::Timers event_;
  state::Timers processing_;
  std::int64_t watermark_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t alarm_at_ = std::numeric_limits<std::int64_t>::max();
  bool ended_ = false;
};

/// What a snapshot calls the two states.
inline constexpr const char* kEventTimers = "event-time-timers";
inline constexpr const char* kProcessingTimers = "processing-time-timers";

}  // namespace weir::functions
