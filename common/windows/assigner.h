#pragma once

#include <cstdint>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/functions/collector.h"
#include "common/windows/trigger.h"
#include "common/windows/window.h"

namespace weir {

/// What an assigner may ask. Valid during the call that got it.
class WindowAssignerContext {
 public:
  virtual ~WindowAssignerContext() = default;
  virtual std::int64_t getCurrentProcessingTime() const = 0;
};

/// Says which windows of W an element of T belongs to. Copied with its operator, subtask by
/// subtask.
///
/// A class derived from it has also `getDefaultTrigger() const`, which gives any trigger by value
/// (`auto getDefaultTrigger() const { return EventTimeTrigger::create(); }`): what fires its
/// windows unless .trigger() is called. W is TimeWindow, GlobalWindow, or a type of records with
/// `std::int64_t maxTimestamp() const` and ==.
template <typename T, typename W>
class WindowAssigner {
 public:
  using Window = W;
  using Context = WindowAssignerContext;
  virtual ~WindowAssigner() = default;
  virtual std::vector<W> assignWindows(const T& element,
                                       std::int64_t timestamp,
                                       Context& context) = 0;
  /// Whether maxTimestamp() is a time that watermarks speak of; else the clock does.
  virtual bool isEventTime() const = 0;
};

namespace windows {

/// Appends the windows of an element to `windows`.
template <typename A, typename T>
void assignInto(A& assigner,
                const T& element,
                std::int64_t timestamp,
                WindowAssignerContext& context,
                std::vector<typename A::Window>& windows) {
  if constexpr (requires { assigner.assignInto(element, timestamp, context, windows); }) {
    assigner.assignInto(element, timestamp, context, windows);
  } else {
    for (auto& window : assigner.assignWindows(element, timestamp, context)) {
      windows.push_back(std::move(window));
    }
  }
}

/// Whether A assigns windows to elements of T.
template <typename A, typename T>
concept Assigns =
    requires(A& assigner, const A& same, const T& element, WindowAssignerContext& context) {
      typename A::Window;
      {
        assigner.assignWindows(element, std::int64_t{}, context)
      } -> std::same_as<std::vector<typename A::Window>>;
      { same.isEventTime() } -> std::convertible_to<bool>;
    };

/// Whether the windows of A merge where they meet: sessions. Of a user's assigner that says
/// `static constexpr bool kMerges = true`, W has intersects() and cover() as TimeWindow has.
template <typename A>
inline constexpr bool kMerges = requires { requires A::kMerges; };

/// Whether A puts every record into one window, those of time one behind the other.
template <typename A>
inline constexpr bool kOneWindow = requires { requires A::kOneWindow; };

/// Whether every record of A has the same number of windows, in panes: sliding windows.
template <typename A>
inline constexpr bool kHasPanes = requires(const A& assigner) { assigner.times().paneLength(); };

/// What assigners of event time do first.
inline void needTimestamp(std::int64_t timestamp) {
  if (timestamp == kNoTimestamp) {
    throw std::runtime_error(
        "a window of event time met a record without timestamp: call "
        "assignTimestampsAndWatermarks() before the window, or use windows of processing time");
  }
}

/// assignWindows() by assignInto().
template <typename Derived>
class AssignsTimeWindows {
 public:
  using Window = TimeWindow;
  template <typename T>
  std::vector<TimeWindow> assignWindows(const T& element,
                                        std::int64_t timestamp,
                                        WindowAssignerContext& context) const
    requires requires(const Derived& derived, std::vector<TimeWindow>& to) {
      derived.assignInto(element, timestamp, context, to);
    }
  {
    std::vector<TimeWindow> assigned;
    static_cast<const Derived&>(*this).assignInto(element, timestamp, context, assigned);
    return assigned;
  }
};

}  // namespace windows

}  // namespace weir
