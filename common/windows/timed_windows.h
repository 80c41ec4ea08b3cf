#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/windows/assigners.h"

/// What timeWindow() is made of: windows that go by records' timestamps or by the clock, as the job
/// does.
namespace weir::windows {

/// Fires a window at its end.
class EndTrigger {
 public:
  static constexpr bool kNeverPurges = true;
  static constexpr bool kOnlyAtEnd = true;
  explicit EndTrigger(bool event_time) : event_time_(event_time) {}

  template <typename T, typename W, typename Context>
  TriggerResult onElement(const T& element,
                          std::int64_t timestamp,
                          const W& window,
                          Context& context) const {
    return event_time_ ? event_.onElement(element, timestamp, window, context)
                       : processing_.onElement(element, timestamp, window, context);
  }
  template <typename W, typename Context>
  TriggerResult onEventTime(std::int64_t time, const W& window, Context& context) const {
    return event_time_ ? event_.onEventTime(time, window, context) : TriggerResult::kContinue;
  }
  template <typename W, typename Context>
  TriggerResult onProcessingTime(std::int64_t time, const W& window, Context& context) const {
    return event_time_ ? TriggerResult::kContinue
                       : processing_.onProcessingTime(time, window, context);
  }
  bool goesBy(bool event_time) const { return event_time == event_time_; }
  bool canMerge() const { return false; }
  template <typename W, typename Context>
  void onMerge(const W& /*window*/, Context& /*context*/) const {}
  template <typename W, typename Context>
  void clear(const W& window, Context& context) const {
    if (event_time_) {
      event_.clear(window, context);
    } else {
      processing_.clear(window, context);
    }
  }

 private:
  bool event_time_;
  EventTimeTrigger event_;
  ProcessingTimeTrigger processing_;
};

/// timeWindow(size).
class TumblingWindows : public AssignsTimeWindows<TumblingWindows> {
 public:
  static constexpr bool kOneWindow = true;
  TumblingWindows(bool event_time, Time size)
      : event_time_(event_time), times_(size, Time::milliseconds(0)) {}
  template <typename T>
  void assignInto(const T& /*element*/,
                  std::int64_t timestamp,
                  WindowAssignerContext& context,
                  std::vector<TimeWindow>& to) const {
    if (event_time_) {
      needTimestamp(timestamp);
    }
    to.push_back(times_.of(event_time_ ? timestamp : context.getCurrentProcessingTime()));
  }
  EndTrigger getDefaultTrigger() const { return EndTrigger(event_time_); }
  bool isEventTime() const { return event_time_; }
  std::string problem() const { return times_.problem("timeWindow()"); }

 private:
  bool event_time_;
  TumblingTimes times_;
};

/// timeWindow(size, slide).
class SlidingWindows : public AssignsTimeWindows<SlidingWindows> {
 public:
  SlidingWindows(bool event_time, Time size, Time slide)
      : event_time_(event_time), times_(size, slide, Time::milliseconds(0)) {}
  template <typename T>
  void assignInto(const T& /*element*/,
                  std::int64_t timestamp,
                  WindowAssignerContext& context,
                  std::vector<TimeWindow>& to) const {
    if (event_time_) {
      needTimestamp(timestamp);
    }
    times_.assign(event_time_ ? timestamp : context.getCurrentProcessingTime(), to);
  }
  EndTrigger getDefaultTrigger() const { return EndTrigger(event_time_); }
  bool isEventTime() const { return event_time_; }
  std::string problem() const { return times_.problem("timeWindow()"); }
  // For operators that keep panes.
  const SlidingTimes& times() const { return times_; }

 private:
  bool event_time_;
  SlidingTimes times_;
};

}  // namespace weir::windows
