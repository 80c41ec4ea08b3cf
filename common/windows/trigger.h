#pragma once

#include <cstdint>

#include "common/windows/bound_states.h"

namespace weir {

/// What becomes of a window now.
enum class TriggerResult : std::uint8_t {
  kContinue = 0,      ///< Nothing.
  kFire = 1,          ///< Its function gets what is in it, which stays.
  kPurge = 2,         ///< Its elements go.
  kFireAndPurge = 3,  ///< Both, in this order.
};

namespace windows {

constexpr bool fires(TriggerResult result) {
  return result == TriggerResult::kFire || result == TriggerResult::kFireAndPurge;
}
constexpr bool purges(TriggerResult result) {
  return result == TriggerResult::kPurge || result == TriggerResult::kFireAndPurge;
}

}  // namespace windows

/// What a trigger may ask and do; all of it concerns the key and the window of the call. Valid
/// during the call that got it.
class TriggerContext {
 public:
  virtual ~TriggerContext() = default;

  /// INT64_MIN until there was a watermark.
  virtual std::int64_t getCurrentWatermark() const = 0;
  virtual std::int64_t getCurrentProcessingTime() const = 0;
  /// onEventTime(time) comes once the watermark reaches `time`, however often it was registered.
  virtual void registerEventTimeTimer(std::int64_t time) = 0;
  virtual void registerProcessingTimeTimer(std::int64_t time) = 0;
  virtual void deleteEventTimeTimer(std::int64_t time) = 0;
  virtual void deleteProcessingTimeTimer(std::int64_t time) = 0;

  /// The trigger's state of this key and window, a reference to it: `auto& n =
  /// context.getPartitionedState(n_)`, where n_ is a descriptor. It is to be cleared in clear().
  template <typename Descriptor>
  auto& getPartitionedState(const Descriptor& descriptor) {
    return states_->of(descriptor);
  }
  /// In onMerge(): moves what the merged windows have in a list or reducing state into the window
  /// that they became.
  template <typename Descriptor>
  void mergePartitionedState(const Descriptor& descriptor) {
    states_->merge(descriptor);
  }

 protected:
  explicit TriggerContext(windows::BoundStates& states) : states_(&states) {}

 private:
  windows::BoundStates* states_;  // Of the operator, which outlives this.
};
using OnMergeContext = TriggerContext;

/// Decides when a window fires. Copied with its operator, subtask by subtask; it has no members
/// that change, but keeps what it remembers of a key and window in the context's states.
template <typename T, typename W>
class Trigger {
 public:
  using Context = TriggerContext;
  virtual ~Trigger() = default;

  /// An element was put into the window.
  virtual TriggerResult onElement(const T& element,
                                  std::int64_t timestamp,
                                  const W& window,
                                  TriggerContext& context) = 0;
  /// A timer that this trigger set, or the one that cleans the window up, is due.
  virtual TriggerResult onEventTime(std::int64_t time,
                                    const W& window,
                                    TriggerContext& context) = 0;
  virtual TriggerResult onProcessingTime(std::int64_t time,
                                         const W& window,
                                         TriggerContext& context) = 0;
  /// Whether its windows may merge: sessions.
  virtual bool canMerge() const { return false; }
  /// Windows became `window`.
  virtual void onMerge(const W& /*window*/, OnMergeContext& /*context*/) {}
  /// The window is gone: timers and states of the trigger are to go with it.
  virtual void clear(const W& window, TriggerContext& context) = 0;
};

namespace windows {

/// Whether Tr is a trigger for elements of T in windows of W.
template <typename Tr, typename T, typename W>
concept Triggers =
    requires(Tr& trigger, const T& element, const W& window, TriggerContext& context) {
      {
        trigger.onElement(element, std::int64_t{}, window, context)
      } -> std::same_as<TriggerResult>;
      { trigger.onEventTime(std::int64_t{}, window, context) } -> std::same_as<TriggerResult>;
      { trigger.onProcessingTime(std::int64_t{}, window, context) } -> std::same_as<TriggerResult>;
      { trigger.canMerge() } -> std::convertible_to<bool>;
      trigger.onMerge(window, context);
      trigger.clear(window, context);
    };

/// Whether Tr fires each window as often as it likes, but never purges it.
template <typename Tr>
inline constexpr bool kNeverPurges = requires { requires Tr::kNeverPurges; };
/// Whether all that Tr does with a window that has not ended is to set the timer of its end, by
/// the watermark or by the clock: goesBy(event_time).
template <typename Tr>
inline constexpr bool kOnlyAtEnd = requires { requires Tr::kOnlyAtEnd; };

}  // namespace windows

}  // namespace weir
