#pragma once

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "common/functions/time.h"
#include "common/windows/assigner.h"
#include "common/windows/problems.h"
#include "common/windows/triggers.h"

/// The assigners whose windows do not depend on the records around: tumbling, sliding, global.
namespace weir {

namespace windows {

/// Windows of `size` that begin every `slide`; each time is in size / slide of them.
class SlidingTimes {
 public:
  SlidingTimes(Time size, Time slide, Time offset) : size_(size), slide_(slide), offset_(offset) {
    if (problem("").empty()) {
      pane_length_ = std::gcd(this->size(), this->slide());
    }
  }

  /// The youngest first.
  void assign(std::int64_t timestamp, std::vector<TimeWindow>& to) const {
    const std::int64_t size = size_.toMilliseconds();
    const std::int64_t slide = slide_.toMilliseconds();
    std::int64_t behind = intoWindow(timestamp, offset_.toMilliseconds(), slide);
    for (; behind < size; behind += slide) {
      to.push_back(windowAround(timestamp, behind, size));
      if (behind > size - slide) {
        break;  // The next sum might be none.
      }
    }
  }
  /// Windows begin and end where panes do.
  std::int64_t paneLength() const { return pane_length_; }
  TimeWindow paneOf(std::int64_t timestamp) const {
    return windowAround(
        timestamp, intoWindow(timestamp, offset_.toMilliseconds(), pane_length_), pane_length_);
  }
  std::int64_t size() const { return size_.toMilliseconds(); }
  std::int64_t slide() const { return slide_.toMilliseconds(); }
  /// Of the window that begins last of those around `timestamp`.
  std::int64_t youngestStart(std::int64_t timestamp) const {
    return windowStart(timestamp, offset_.toMilliseconds(), slide());
  }

  std::string problem(const std::string& name) const {
    return firstOf(named(name + ", size", size_.lengthProblem()),
                   named(name + ", slide", slide_.lengthProblem()),
                   named(name + ", offset", offset_.offsetProblem()));
  }

 private:
  Time size_;
  Time slide_;
  Time offset_;
  std::int64_t pane_length_ = 1;
};

/// Windows of `size`, one behind the other.
class TumblingTimes {
 public:
  TumblingTimes(Time size, Time offset) : size_(size), offset_(offset) {}

  TimeWindow of(std::int64_t timestamp) const {
    const std::int64_t size = size_.toMilliseconds();
    return windowAround(timestamp, intoWindow(timestamp, offset_.toMilliseconds(), size), size);
  }
  std::string problem(const std::string& name) const {
    return firstOf(named(name + ", size", size_.lengthProblem()),
                   named(name + ", offset", offset_.offsetProblem()));
  }

 private:
  Time size_;
  Time offset_;
};

}  // namespace windows

/// Windows of one length, one behind the other, by the records' timestamps.
class TumblingEventTimeWindows : public windows::AssignsTimeWindows<TumblingEventTimeWindows> {
 public:
  static constexpr bool kOneWindow = true;
  static TumblingEventTimeWindows of(Time size, Time offset = Time::milliseconds(0)) {
    return TumblingEventTimeWindows({size, offset});
  }
  template <typename T>
  void assignInto(const T& /*element*/,
                  std::int64_t timestamp,
                  WindowAssignerContext& /*context*/,
                  std::vector<TimeWindow>& to) const {
    windows::needTimestamp(timestamp);
    to.push_back(times_.of(timestamp));
  }
  EventTimeTrigger getDefaultTrigger() const { return EventTimeTrigger::create(); }
  static constexpr bool isEventTime() { return true; }
  std::string problem() const { return times_.problem("TumblingEventTimeWindows"); }

 private:
  explicit TumblingEventTimeWindows(windows::TumblingTimes times) : times_(times) {}
  windows::TumblingTimes times_;
};

/// The same by the clock.
class TumblingProcessingTimeWindows
    : public windows::AssignsTimeWindows<TumblingProcessingTimeWindows> {
 public:
  static constexpr bool kOneWindow = true;
  static TumblingProcessingTimeWindows of(Time size, Time offset = Time::milliseconds(0)) {
    return TumblingProcessingTimeWindows({size, offset});
  }
  template <typename T>
  void assignInto(const T& /*element*/,
                  std::int64_t /*timestamp*/,
                  WindowAssignerContext& context,
                  std::vector<TimeWindow>& to) const {
    to.push_back(times_.of(context.getCurrentProcessingTime()));
  }
  ProcessingTimeTrigger getDefaultTrigger() const { return ProcessingTimeTrigger::create(); }
  static constexpr bool isEventTime() { return false; }
  std::string problem() const { return times_.problem("TumblingProcessingTimeWindows"); }

 private:
  explicit TumblingProcessingTimeWindows(windows::TumblingTimes times) : times_(times) {}
  windows::TumblingTimes times_;
};

/// Windows of one length that begin every `slide`, by the records' timestamps: they overlap, or
/// leave gaps whose records are in none.
class SlidingEventTimeWindows : public windows::AssignsTimeWindows<SlidingEventTimeWindows> {
 public:
  static SlidingEventTimeWindows of(Time size, Time slide, Time offset = Time::milliseconds(0)) {
    return SlidingEventTimeWindows({size, slide, offset});
  }
  template <typename T>
  void assignInto(const T& /*element*/,
                  std::int64_t timestamp,
                  WindowAssignerContext& /*context*/,
                  std::vector<TimeWindow>& to) const {
    windows::needTimestamp(timestamp);
    times_.assign(timestamp, to);
  }
  EventTimeTrigger getDefaultTrigger() const { return EventTimeTrigger::create(); }
  static constexpr bool isEventTime() { return true; }
  std::string problem() const { return times_.problem("SlidingEventTimeWindows"); }
  // For operators that keep panes.
  const windows::SlidingTimes& times() const { return times_; }

 private:
  explicit SlidingEventTimeWindows(windows::SlidingTimes times) : times_(times) {}
  windows::SlidingTimes times_;
};

/// The same by the clock.
class SlidingProcessingTimeWindows
    : public windows::AssignsTimeWindows<SlidingProcessingTimeWindows> {
 public:
  static SlidingProcessingTimeWindows of(Time size,
                                         Time slide,
                                         Time offset = Time::milliseconds(0)) {
    return SlidingProcessingTimeWindows({size, slide, offset});
  }
  template <typename T>
  void assignInto(const T& /*element*/,
                  std::int64_t /*timestamp*/,
                  WindowAssignerContext& context,
                  std::vector<TimeWindow>& to) const {
    times_.assign(context.getCurrentProcessingTime(), to);
  }
  ProcessingTimeTrigger getDefaultTrigger() const { return ProcessingTimeTrigger::create(); }
  static constexpr bool isEventTime() { return false; }
  std::string problem() const { return times_.problem("SlidingProcessingTimeWindows"); }
  // For operators that keep panes.
  const windows::SlidingTimes& times() const { return times_; }

 private:
  explicit SlidingProcessingTimeWindows(windows::SlidingTimes times) : times_(times) {}
  windows::SlidingTimes times_;
};

/// One window for each key. It fires when a trigger says so, and by itself never.
class GlobalWindows {
 public:
  using Window = GlobalWindow;
  static constexpr bool kOneWindow = true;
  static GlobalWindows create() { return {}; }
  template <typename T>
  std::vector<GlobalWindow> assignWindows(const T& /*element*/,
                                          std::int64_t /*timestamp*/,
                                          WindowAssignerContext& /*context*/) const {
    return {GlobalWindow{}};
  }
  template <typename T>
  void assignInto(const T& /*element*/,
                  std::int64_t /*timestamp*/,
                  WindowAssignerContext& /*context*/,
                  std::vector<GlobalWindow>& to) const {
    to.emplace_back();
  }
  NeverTrigger getDefaultTrigger() const { return NeverTrigger::create(); }
  static constexpr bool isEventTime() { return false; }
};

}  // namespace weir
