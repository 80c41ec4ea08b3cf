#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include "common/functions/time.h"
#include "common/windows/assigner.h"
#include "common/windows/problems.h"
#include "common/windows/trigger.h"
#include "common/windows/window.h"

/// The triggers that fire again and again while a window fills. Context is TriggerContext.
namespace weir {

namespace windows {

/// What both remember of a window: when they fire next. Of merged windows the earliest counts.
inline ReducingStateDescriptor<std::int64_t> nextFire() {
  return {"trigger-next", [](std::int64_t a, std::int64_t b) { return std::min(a, b); }};
}

/// What both have in common. Derived has kName, for errors, setTimer() and deleteTimer().
template <typename Derived>
class ContinuousTrigger {
 public:
  static constexpr bool kNeverPurges = true;
  static Derived of(Time interval) { return Derived(interval); }

  bool canMerge() const { return true; }
  template <typename W, typename Context>
  void onMerge(const W& /*window*/, Context& context) const {
    context.mergePartitionedState(next_);
    auto& next = context.getPartitionedState(next_);
    if (!next.empty()) {
      Derived::setTimer(context, next.get());
    }
  }
  template <typename W, typename Context>
  void clear(const W& /*window*/, Context& context) const {
    auto& next = context.getPartitionedState(next_);
    if (!next.empty()) {
      Derived::deleteTimer(context, next.get());
      next.clear();
    }
  }
  std::string problem() const { return named(Derived::kName, interval_.lengthProblem()); }
  template <typename T>
  ReducingStateDescriptor<std::int64_t> stateDescriptor() const {
    return next_;
  }

 protected:
  explicit ContinuousTrigger(Time interval) : interval_(interval), next_(nextFire()) {}
  std::int64_t interval() const { return interval_.toMilliseconds(); }
  /// It fires next at `time`.
  template <typename Context>
  void fireAt(std::int64_t time, Context& context) const {
    context.getPartitionedState(next_).add(time);
    Derived::setTimer(context, time);
  }
  template <typename Context>
  auto& next(Context& context) const {
    return context.getPartitionedState(next_);
  }

 private:
  Time interval_;
  ReducingStateDescriptor<std::int64_t> next_;
};

}  // namespace windows

/// Fires once for each interval, a multiple of it in event time, that the watermark passes, and at
/// the end of the window.
class ContinuousEventTimeTrigger : public windows::ContinuousTrigger<ContinuousEventTimeTrigger> {
  using Base = windows::ContinuousTrigger<ContinuousEventTimeTrigger>;
  friend Base;

 public:
  static constexpr const char* kName = "ContinuousEventTimeTrigger";

  template <typename T, typename W, typename Context>
  TriggerResult onElement(const T& /*element*/,
                          std::int64_t timestamp,
                          const W& window,
                          Context& context) const {
    windows::needTimestamp(timestamp);
    if (window.maxTimestamp() <= context.getCurrentWatermark()) {
      return TriggerResult::kFire;
    }
    context.registerEventTimeTimer(window.maxTimestamp());
    if (next(context).empty()) {
      schedule(windows::windowStart(timestamp, 0, interval()), window, context);
    }
    return TriggerResult::kContinue;
  }
  template <typename W, typename Context>
  TriggerResult onEventTime(std::int64_t time, const W& window, Context& context) const {
    auto& planned = next(context);
    const bool is_next = !planned.empty() && planned.get() == time;
    if (is_next) {
      planned.clear();
    }
    if (time == window.maxTimestamp()) {
      return TriggerResult::kFire;
    }
    if (!is_next) {
      return TriggerResult::kContinue;
    }
    schedule(time, window, context);
    return TriggerResult::kFire;
  }
  template <typename W, typename Context>
  TriggerResult onProcessingTime(std::int64_t /*time*/,
                                 const W& /*window*/,
                                 Context& /*context*/) const {
    return TriggerResult::kContinue;
  }
  template <typename W, typename Context>
  void onMerge(const W& window, Context& context) const {
    Base::onMerge(window, context);
    if (window.maxTimestamp() > context.getCurrentWatermark()) {
      context.registerEventTimeTimer(window.maxTimestamp());
    }
  }
  template <typename W, typename Context>
  void clear(const W& window, Context& context) const {
    Base::clear(window, context);
    context.deleteEventTimeTimer(window.maxTimestamp());
  }

  // For the base.
  template <typename Context>
  static void setTimer(Context& context, std::int64_t time) {
    context.registerEventTimeTimer(time);
  }
  template <typename Context>
  static void deleteTimer(Context& context, std::int64_t time) {
    context.deleteEventTimeTimer(time);
  }

 private:
  using Base::Base;

  /// A window of all time would have intervals without end once the watermark is at its own end.
  template <typename W, typename Context>
  void schedule(std::int64_t from, const W& window, Context& context) const {
    std::int64_t time = std::min(windows::plus(from, interval()), window.maxTimestamp());
    if (context.getCurrentWatermark() == std::numeric_limits<std::int64_t>::max()) {
      time = std::max(time, lastInterval(window));
    }
    fireAt(time, context);
  }
  template <typename W>
  static std::int64_t lastInterval(const W& window) {
    return window.maxTimestamp() == std::numeric_limits<std::int64_t>::max()
               ? window.maxTimestamp()
               : std::numeric_limits<std::int64_t>::min();
  }
};

/// Fires once for each interval, a multiple of it on the clock, that has passed since the window's
/// first element, and at the end of a window of processing time.
class ContinuousProcessingTimeTrigger
    : public windows::ContinuousTrigger<ContinuousProcessingTimeTrigger> {
  using Base = windows::ContinuousTrigger<ContinuousProcessingTimeTrigger>;
  friend Base;

 public:
  static constexpr const char* kName = "ContinuousProcessingTimeTrigger";

  template <typename T, typename W, typename Context>
  TriggerResult onElement(const T& /*element*/,
                          std::int64_t /*timestamp*/,
                          const W& window,
                          Context& context) const {
    if (next(context).empty()) {
      const std::int64_t now = context.getCurrentProcessingTime();
      schedule(windows::windowStart(now, 0, interval()), now - 1, window, context);
    }
    return TriggerResult::kContinue;
  }
  template <typename W, typename Context>
  TriggerResult onEventTime(std::int64_t /*time*/, const W& /*window*/, Context& /*c*/) const {
    return TriggerResult::kContinue;
  }
  template <typename W, typename Context>
  TriggerResult onProcessingTime(std::int64_t time, const W& window, Context& context) const {
    auto& planned = next(context);
    if (planned.empty() || planned.get() != time) {
      return TriggerResult::kContinue;
    }
    planned.clear();
    schedule(time, time, window, context);
    return TriggerResult::kFire;
  }

  // For the base.
  template <typename Context>
  static void setTimer(Context& context, std::int64_t time) {
    context.registerProcessingTimeTimer(time);
  }
  template <typename Context>
  static void deleteTimer(Context& context, std::int64_t time) {
    context.deleteProcessingTimeTimer(time);
  }

 private:
  using Base::Base;

  /// An end that is still to come cuts an interval short; one that is past, as that of a window of
  /// event time, says nothing of the clock.
  template <typename W, typename Context>
  void schedule(std::int64_t from, std::int64_t passed, const W& window, Context& context) const {
    std::int64_t time = windows::plus(from, interval());
    if (window.maxTimestamp() > passed) {
      time = std::min(time, window.maxTimestamp());
    }
    fireAt(time, context);
  }
};

}  // namespace weir
