#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "common/windows/trigger.h"
#include "common/windows/window.h"

/// The triggers that fire by what is in a window, or at its end. They fit elements and windows of
/// every type; Context is TriggerContext.
namespace weir {

/// Fires when the watermark passes the end of the window, and for each element that comes later.
class EventTimeTrigger {
 public:
  static constexpr bool kNeverPurges = true;
  static constexpr bool kOnlyAtEnd = true;
  static EventTimeTrigger create() { return {}; }
  static constexpr bool goesBy(bool event_time) { return event_time; }

  template <typename T, typename W, typename Context>
  TriggerResult onElement(const T& /*element*/,
                          std::int64_t /*timestamp*/,
                          const W& window,
                          Context& context) const {
    if (window.maxTimestamp() <= context.getCurrentWatermark()) {
      return TriggerResult::kFire;
    }
    context.registerEventTimeTimer(window.maxTimestamp());
    return TriggerResult::kContinue;
  }
  template <typename W, typename Context>
  TriggerResult onEventTime(std::int64_t time, const W& window, Context& /*context*/) const {
    return time == window.maxTimestamp() ? TriggerResult::kFire : TriggerResult::kContinue;
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
    if (window.maxTimestamp() > context.getCurrentWatermark()) {
      context.registerEventTimeTimer(window.maxTimestamp());
    }
  }
  template <typename W, typename Context>
  void clear(const W& window, Context& context) const {
    context.deleteEventTimeTimer(window.maxTimestamp());
  }
};

/// Fires when the clock passes the end of the window.
class ProcessingTimeTrigger {
 public:
  static constexpr bool kNeverPurges = true;
  static constexpr bool kOnlyAtEnd = true;
  static ProcessingTimeTrigger create() { return {}; }
  static constexpr bool goesBy(bool event_time) { return !event_time; }

  template <typename T, typename W, typename Context>
  TriggerResult onElement(const T& /*element*/,
                          std::int64_t /*timestamp*/,
                          const W& window,
                          Context& context) const {
    context.registerProcessingTimeTimer(window.maxTimestamp());
    return TriggerResult::kContinue;
  }
  template <typename W, typename Context>
  TriggerResult onEventTime(std::int64_t /*time*/, const W& /*window*/, Context& /*c*/) const {
    return TriggerResult::kContinue;
  }
  template <typename W, typename Context>
  TriggerResult onProcessingTime(std::int64_t time, const W& window, Context& /*context*/) const {
    return time == window.maxTimestamp() ? TriggerResult::kFire : TriggerResult::kContinue;
  }
  bool canMerge() const { return true; }
  template <typename W, typename Context>
  void onMerge(const W& window, Context& context) const {
    if (window.maxTimestamp() > context.getCurrentProcessingTime()) {
      context.registerProcessingTimeTimer(window.maxTimestamp());
    }
  }
  template <typename W, typename Context>
  void clear(const W& window, Context& context) const {
    context.deleteProcessingTimeTimer(window.maxTimestamp());
  }
};

namespace windows {

/// What triggers that have no timers have in common.
class TimelessTrigger {
 public:
  template <typename W, typename Context>
  TriggerResult onEventTime(std::int64_t /*time*/, const W& /*window*/, Context& /*c*/) const {
    return TriggerResult::kContinue;
  }
  template <typename W, typename Context>
  TriggerResult onProcessingTime(std::int64_t /*time*/, const W& /*w*/, Context& /*c*/) const {
    return TriggerResult::kContinue;
  }
};

}  // namespace windows

/// Never fires: the default of GlobalWindows.
class NeverTrigger : public windows::TimelessTrigger {
 public:
  static constexpr bool kNeverPurges = true;
  static NeverTrigger create() { return {}; }
  template <typename T, typename W, typename Context>
  TriggerResult onElement(const T& /*element*/,
                          std::int64_t /*timestamp*/,
                          const W& /*window*/,
                          Context& /*context*/) const {
    return TriggerResult::kContinue;
  }
  bool canMerge() const { return true; }
  template <typename W, typename Context>
  void onMerge(const W& /*window*/, Context& /*context*/) const {}
  template <typename W, typename Context>
  void clear(const W& /*window*/, Context& /*context*/) const {}
};

/// Fires for every n-th element.
class CountTrigger : public windows::TimelessTrigger {
 public:
  static constexpr bool kNeverPurges = true;
  static CountTrigger of(std::int64_t n) { return of(n, "CountTrigger::of()"); }
  /// `caller` is what a program has called instead: for errors, a literal.
  static CountTrigger of(std::int64_t n, const char* caller) { return {n, caller}; }

  template <typename T, typename W, typename Context>
  TriggerResult onElement(const T& /*element*/,
                          std::int64_t /*timestamp*/,
                          const W& /*window*/,
                          Context& context) const {
    auto& count = context.getPartitionedState(count_);
    count.add(1);
    if (count.get() < n_) {
      return TriggerResult::kContinue;
    }
    count.clear();
    return TriggerResult::kFire;
  }
  bool canMerge() const { return true; }
  template <typename W, typename Context>
  void onMerge(const W& /*window*/, Context& context) const {
    context.mergePartitionedState(count_);
  }
  template <typename W, typename Context>
  void clear(const W& /*window*/, Context& context) const {
    context.getPartitionedState(count_).clear();
  }

  std::string problem() const {
    return n_ > 0 ? ""
                  : std::string(caller_) + " with " + std::to_string(n_) + ": give it 1 or more";
  }
  template <typename T>
  ReducingStateDescriptor<std::int64_t> stateDescriptor() const {
    return count_;
  }

 private:
  CountTrigger(std::int64_t n, const char* caller)
      : n_(n),
        caller_(caller),
        count_("trigger-count", [](std::int64_t a, std::int64_t b) { return a + b; }) {}

  std::int64_t n_;
  const char* caller_;
  ReducingStateDescriptor<std::int64_t> count_;
};

template <typename F>
class DeltaTriggerOf;

/// Fires for each element with f(last, element) > threshold, where `last` is the element that it
/// fired for before, or the first one; f: a callable double(const T&, const T&).
class DeltaTrigger {
 public:
  template <typename F>
  static DeltaTriggerOf<F> of(double threshold, F f) {
    return {threshold, std::move(f)};
  }
};

template <typename F>
class DeltaTriggerOf : public windows::TimelessTrigger {
 public:
  static constexpr bool kNeverPurges = true;
  DeltaTriggerOf(double threshold, F f) : threshold_(threshold), f_(std::move(f)) {}

  template <typename T, typename W, typename Context>
  TriggerResult onElement(const T& element,
                          std::int64_t /*timestamp*/,
                          const W& /*window*/,
                          Context& context) const
    requires std::is_invocable_r_v<double, const F&, const T&, const T&>
  {
    auto& last = context.getPartitionedState(stateDescriptor<T>());
    if (last.get().empty()) {
      last.add(element);
      return TriggerResult::kContinue;
    }
    if (!(f_(last.get().front(), element) > threshold_)) {
      return TriggerResult::kContinue;
    }
    last.update({element});
    return TriggerResult::kFire;
  }
  bool canMerge() const { return false; }
  template <typename W, typename Context>
  void onMerge(const W& /*window*/, Context& /*context*/) const {}
  template <typename W, typename Context>
  void clear(const W& /*window*/, Context& /*context*/) const {}

  /// A list of one element: it tells absence from every value, and needs no default.
  template <typename T>
  ListStateDescriptor<T> stateDescriptor() const {
    return ListStateDescriptor<T>("trigger-last");
  }

 private:
  double threshold_;
  F f_;
};

template <typename Inner>
class PurgingTriggerOf;

/// Fires as another trigger does, and purges the window each time.
class PurgingTrigger {
 public:
  template <typename Inner>
  static PurgingTriggerOf<Inner> of(Inner inner) {
    return PurgingTriggerOf<Inner>(std::move(inner));
  }
};

template <typename Inner>
class PurgingTriggerOf {
 public:
  explicit PurgingTriggerOf(Inner inner) : inner_(std::move(inner)) {}

  template <typename T, typename W, typename Context>
    requires windows::Triggers<Inner, T, W>
  TriggerResult onElement(const T& element,
                          std::int64_t timestamp,
                          const W& window,
                          Context& context) {
    return purging(inner_.onElement(element, timestamp, window, context));
  }
  template <typename W, typename Context>
  TriggerResult onEventTime(std::int64_t time, const W& window, Context& context) {
    return purging(inner_.onEventTime(time, window, context));
  }
  template <typename W, typename Context>
  TriggerResult onProcessingTime(std::int64_t time, const W& window, Context& context) {
    return purging(inner_.onProcessingTime(time, window, context));
  }
  bool canMerge() const { return inner_.canMerge(); }
  template <typename W, typename Context>
  void onMerge(const W& window, Context& context) {
    inner_.onMerge(window, context);
  }
  template <typename W, typename Context>
  void clear(const W& window, Context& context) {
    inner_.clear(window, context);
  }

  std::string problem() const {
    if constexpr (requires { inner_.problem(); }) {
      return inner_.problem();
    } else {
      return {};
    }
  }
  template <typename T>
  auto stateDescriptor() const
    requires requires(const Inner& inner) { inner.template stateDescriptor<T>(); }
  {
    return inner_.template stateDescriptor<T>();
  }

 private:
  static TriggerResult purging(TriggerResult result) {
    return windows::fires(result) ? TriggerResult::kFireAndPurge : result;
  }

  Inner inner_;
};

}  // namespace weir
