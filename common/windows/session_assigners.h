#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/functions/time.h"
#include "common/windows/assigner.h"
#include "common/windows/problems.h"
#include "common/windows/triggers.h"

/// Sessions: windows that last until nothing came for a while. Each record has a window of its own
/// as long as the gap, and windows that meet become one.
namespace weir {

namespace windows {

/// The same gap behind every record.
class StaticGap {
 public:
  explicit StaticGap(Time gap) : gap_(gap) {}
  template <typename T>
  std::int64_t of(const T& /*element*/) const {
    return gap_.toMilliseconds();
  }
  std::string problem() const { return gap_.lengthProblem(); }

 private:
  Time gap_;
};

/// A gap that each record says itself; F: a callable that gives a duration.
template <typename F>
class DynamicGap {
 public:
  explicit DynamicGap(F f) : f_(std::move(f)) {}
  template <typename T>
  std::int64_t of(const T& element) const {
    const Time gap(f_(element));
    if (const std::string problem = gap.lengthProblem(); !problem.empty()) {
      throw std::invalid_argument("withDynamicGap(): a record's gap: " + problem);
    }
    return gap.toMilliseconds();
  }
  std::string problem() const { return {}; }

 private:
  F f_;
};

/// Whether F gives the gap of a record of T.
template <typename Gap, typename T>
inline constexpr bool kGapFits = true;
template <typename F, typename T>
inline constexpr bool kGapFits<DynamicGap<F>, T> =
    requires(const F& f, const T& element) { Time(f(element)); };

}  // namespace windows

template <typename Gap>
class EventTimeSessions;
template <typename Gap>
class ProcessingTimeSessions;

/// Sessions by the records' timestamps.
class EventTimeSessionWindows {
 public:
  static EventTimeSessions<windows::StaticGap> withGap(Time gap);
  /// f: a callable that gives a record's gap as a duration.
  template <typename F>
  static EventTimeSessions<windows::DynamicGap<F>> withDynamicGap(F f) {
    return EventTimeSessions<windows::DynamicGap<F>>(windows::DynamicGap<F>(std::move(f)));
  }
};

/// Sessions by the clock.
class ProcessingTimeSessionWindows {
 public:
  static ProcessingTimeSessions<windows::StaticGap> withGap(Time gap);
  template <typename F>
  static ProcessingTimeSessions<windows::DynamicGap<F>> withDynamicGap(F f) {
    return ProcessingTimeSessions<windows::DynamicGap<F>>(windows::DynamicGap<F>(std::move(f)));
  }
};

template <typename Gap>
class EventTimeSessions : public windows::AssignsTimeWindows<EventTimeSessions<Gap>> {
 public:
  static constexpr bool kMerges = true;
  explicit EventTimeSessions(Gap gap) : gap_(std::move(gap)) {}
  template <typename T>
    requires windows::kGapFits<Gap, T>
  void assignInto(const T& element,
                  std::int64_t timestamp,
                  WindowAssignerContext& /*context*/,
                  std::vector<TimeWindow>& to) const {
    windows::needTimestamp(timestamp);
    to.push_back({timestamp, windows::plus(timestamp, gap_.of(element))});
  }
  EventTimeTrigger getDefaultTrigger() const { return EventTimeTrigger::create(); }
  static constexpr bool isEventTime() { return true; }
  std::string problem() const {
    return windows::named("EventTimeSessionWindows, gap", gap_.problem());
  }

 private:
  Gap gap_;
};

template <typename Gap>
class ProcessingTimeSessions : public windows::AssignsTimeWindows<ProcessingTimeSessions<Gap>> {
 public:
  static constexpr bool kMerges = true;
  explicit ProcessingTimeSessions(Gap gap) : gap_(std::move(gap)) {}
  template <typename T>
    requires windows::kGapFits<Gap, T>
  void assignInto(const T& element,
                  std::int64_t /*timestamp*/,
                  WindowAssignerContext& context,
                  std::vector<TimeWindow>& to) const {
    const std::int64_t now = context.getCurrentProcessingTime();
    to.push_back({now, windows::plus(now, gap_.of(element))});
  }
  ProcessingTimeTrigger getDefaultTrigger() const { return ProcessingTimeTrigger::create(); }
  static constexpr bool isEventTime() { return false; }
  std::string problem() const {
    return windows::named("ProcessingTimeSessionWindows, gap", gap_.problem());
  }

 private:
  Gap gap_;
};

inline EventTimeSessions<windows::StaticGap> EventTimeSessionWindows::withGap(Time gap) {
  return EventTimeSessions<windows::StaticGap>(windows::StaticGap(gap));
}
inline ProcessingTimeSessions<windows::StaticGap> ProcessingTimeSessionWindows::withGap(Time gap) {
  return ProcessingTimeSessions<windows::StaticGap>(windows::StaticGap(gap));
}

}  // namespace weir
