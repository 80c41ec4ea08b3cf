#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>

#include "common/functions/operator_timers.h"
#include "common/windows/assigner.h"
#include "common/windows/trigger.h"
#include "common/windows/window_functions.h"

/// The contexts that a window operator hands to the parts that it is made of.
namespace weir::windows {

class OperatorAssignerContext final : public WindowAssignerContext {
 public:
  explicit OperatorAssignerContext(const functions::OperatorTimers& timers) : timers_(timers) {}
  /// One time for all of a record.
  std::int64_t getCurrentProcessingTime() const override {
    if (!now_) {
      now_ = timers_.currentProcessingTime();
    }
    return *now_;
  }
  void beginRecord() { now_.reset(); }

 private:
  const functions::OperatorTimers& timers_;  // Of the operator.
  mutable std::optional<std::int64_t> now_;  // Once it was asked for.
};

/// Speaks of the backend's current slot: that of key and window.
class OperatorTriggerContext final : public TriggerContext {
 public:
  OperatorTriggerContext(functions::OperatorTimers& timers, BoundStates& states)
      : TriggerContext(states), timers_(timers) {}
  std::int64_t getCurrentWatermark() const override { return timers_.currentWatermark(); }
  std::int64_t getCurrentProcessingTime() const override { return timers_.currentProcessingTime(); }
  void registerEventTimeTimer(std::int64_t time) override {
    timers_.add(TimeDomain::kEventTime, time);
  }
  void registerProcessingTimeTimer(std::int64_t time) override {
    timers_.add(TimeDomain::kProcessingTime, time);
  }
  void deleteEventTimeTimer(std::int64_t time) override {
    timers_.remove(TimeDomain::kEventTime, time);
  }
  void deleteProcessingTimeTimer(std::int64_t time) override {
    timers_.remove(TimeDomain::kProcessingTime, time);
  }

 private:
  functions::OperatorTimers& timers_;  // Of the operator.
};

/// Of the window that fires or goes. Finds the slots of its states when they are asked for.
template <typename W, typename Operator>
class OperatorWindowContext final : public ProcessWindowContext<W> {
 public:
  OperatorWindowContext(Operator& owner, functions::OperatorTimers& timers)
      : owner_(owner), timers_(timers) {}

  void setBackend(state::KeyedBackend* backend) {
    window_states_.setBackend(backend);
    global_states_.setBackend(backend);
  }
  void setWindow(const W& window) { window_ = window; }

  const W& window() const override { return *window_; }
  std::int64_t currentWatermark() const override { return timers_.currentWatermark(); }
  std::int64_t currentProcessingTime() const override { return timers_.currentProcessingTime(); }
  KeyedStateStore& windowState() override {
    if constexpr (Operator::kMerging) {
      throw std::logic_error(
          "windowState() is asked for in a window that merges with others: use globalState()");
    }
    window_states_.setSlot(owner_.slotOfWindow(*window_));
    return window_states_;
  }
  KeyedStateStore& globalState() override {
    global_states_.setSlot(owner_.slotOfKey());
    return global_states_;
  }

 protected:
  functions::SideOutputs& sides() override { return owner_.sideOutputs(); }

 private:
  Operator& owner_;                    // We are its member.
  functions::OperatorTimers& timers_;  // Of the operator.
  std::optional<W> window_;            // That fires or goes.
  KeyedStateStore window_states_;
  KeyedStateStore global_states_;
};

}  // namespace weir::windows
