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

}  // namespace windows

/// Fires once for each interval, a multiple of it in event time, that the watermark passes, and at
/// the end of the window.
class ContinuousEventTimeTrigger {
 public:
  static constexpr bool kNeverPurges = true;
  static ContinuousEventTimeTrigger of(Time interval) {
    return ContinuousEventTimeTrigger(interval);
  }

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
    if (context.getPartitionedState(next_).empty()) {
      schedule(windows::windowStart(timestamp, 0, interval_.toMilliseconds()), window, context);
    }
    return TriggerResult::kContinue;
  }
  template <typename W, typename Context>
  TriggerResult onEventTime(std::int64_t time, const W& window, Context& context) const {
    auto& next = context.getPartitionedState(next_);
    const bool is_next = !next.empty() && next.get() == time;
    if (is_next) {
      next.clear();
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
  bool canMerge() const { return true; }
  template <typename W, typename Context>
  void onMerge(const W& window, Context& context) const {
    context.mergePartitionedState(next_);
    auto& next = context.getPartitionedState(next_);
    if (!next.empty()) {
      context.registerEventTimeTimer(next.get());
    }
    if (window.maxTimestamp() > context.getCurrentWatermark()) {
      context.registerEventTimeTimer(window.maxTimestamp());
    }
  }
  template <typename W, typename Context>
  void clear(const W& window, Context& context) const {
    auto& next = context.getPartitionedState(next_);
    if (!next.empty()) {
      context.deleteEventTimeTimer(next.get());
      next.clear();
    }
    context.deleteEventTimeTimer(window.maxTimestamp());
  }

  std::string problem() const {
    return windows::named("ContinuousEventTimeTrigger", interval_.lengthProblem());
  }
  template <typename T>
  ReducingStateDescriptor<std::int64_t> stateDescriptor() const {
    return next_;
  }

 private:
  explicit ContinuousEventTimeTrigger(Time interval)
      : interval_(interval), next_(windows::nextFire()) {}

  /// A window of all time would have intervals without end once the watermark is at its own end.
  template <typename W, typename Context>
  void schedule(std::int64_t from, const W& window, Context& context) const {
    std::int64_t time =
        std::min(windows::plus(from, interval_.toMilliseconds()), window.maxTimestamp());
    if (context.getCurrentWatermark() == std::numeric_limits<std::int64_t>::max()) {
      time = std::max(time, lastInterval(window));
    }
    context.getPartitionedState(next_).add(time);
    context.registerEventTimeTimer(time);
  }
  template <typename W>
  static std::int64_t lastInterval(const W& window) {
    return window.maxTimestamp() == std::numeric_limits<std::int64_t>::max()
               ? window.maxTimestamp()
               : std::numeric_limits<std::int64_t>::min();
  }

  Time interval_;
  ReducingStateDescriptor<std::int64_t> next_;
};

/// Fires once for each interval, a multiple of it on the clock, that has passed since the window's
/// first element, and at the end of a window of processing time.
class ContinuousProcessingTimeTrigger {
 public:
  static constexpr bool kNeverPurges = true;
  static ContinuousProcessingTimeTrigger of(Time interval) {
    return ContinuousProcessingTimeTrigger(interval);
  }

  template <typename T, typename W, typename Context>
  TriggerResult onElement(const T& /*element*/,
                          std::int64_t /*timestamp*/,
                          const W& window,
                          Context& context) const {
    if (context.getPartitionedState(next_).empty()) {
      const std::int64_t now = context.getCurrentProcessingTime();
      schedule(windows::windowStart(now, 0, interval_.toMilliseconds()), now - 1, window, context);
    }
    return TriggerResult::kContinue;
  }
  template <typename W, typename Context>
  TriggerResult onEventTime(std::int64_t /*time*/, const W& /*window*/, Context& /*c*/) const {
    return TriggerResult::kContinue;
  }
  template <typename W, typename Context>
  TriggerResult onProcessingTime(std::int64_t time, const W& window, Context& context) const {
    auto& next = context.getPartitionedState(next_);
    if (next.empty() || next.get() != time) {
      return TriggerResult::kContinue;
    }
    next.clear();
    schedule(time, time, window, context);
    return TriggerResult::kFire;
  }
  bool canMerge() const { return true; }
  template <typename W, typename Context>
  void onMerge(const W& /*window*/, Context& context) const {
    context.mergePartitionedState(next_);
    auto& next = context.getPartitionedState(next_);
    if (!next.empty()) {
      context.registerProcessingTimeTimer(next.get());
    }
  }
  template <typename W, typename Context>
  void clear(const W& /*window*/, Context& context) const {
    auto& next = context.getPartitionedState(next_);
    if (!next.empty()) {
      context.deleteProcessingTimeTimer(next.get());
      next.clear();
    }
  }

  std::string problem() const {
    return windows::named("ContinuousProcessingTimeTrigger", interval_.lengthProblem());
  }
  template <typename T>
  ReducingStateDescriptor<std::int64_t> stateDescriptor() const {
    return next_;
  }

 private:
  explicit ContinuousProcessingTimeTrigger(Time interval)
      : interval_(interval), next_(windows::nextFire()) {}

  /// An end that is still to come cuts an interval short; one that is past, as that of a window of
  /// event time, says nothing of the clock.
  template <typename W, typename Context>
  void schedule(std::int64_t from, std::int64_t passed, const W& window, Context& context) const {
    std::int64_t time = windows::plus(from, interval_.toMilliseconds());
    if (window.maxTimestamp() > passed) {
      time = std::min(time, window.maxTimestamp());
    }
    context.getPartitionedState(next_).add(time);
    context.registerProcessingTimeTimer(time);
  }

  Time interval_;
  ReducingStateDescriptor<std::int64_t> next_;
};

}  // namespace weir
