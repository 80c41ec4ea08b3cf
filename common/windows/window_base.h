#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "common/functions/stream_operators.h"
#include "common/windows/window_contexts.h"
#include "common/windows/window_namespaces.h"
#include "common/windows/window_runner.h"

namespace weir::windows {

/// What an operator of windows knows of the key, the window and the time at hand, and how it calls
/// the window's function.
template <typename P>
class WindowBase
    : public functions::EmittingOperator<WindowRunner<P>, typename P::Out, typename P::Key> {
 protected:
  using Base = functions::EmittingOperator<WindowRunner<P>, typename P::Out, typename P::Key>;
  using In = typename P::In;
  using Out = typename P::Out;
  using Key = typename P::Key;
  using W = typename P::Window;
  using Element = typename P::Contents::Element;
  using Slot = state::Slot;

 public:
  static constexpr bool kMerging = P::kMerging;

  explicit WindowBase(WindowRunner<P>&& runner) : Base(std::move(runner), 1) {}

  Status restore(const functions::OperatorRestore& restore) override {
    restored_ = !restore.sections.empty();
    if constexpr (P::kAsksLate) {
      functions::OperatorRestore patient = restore;
      patient.unclaimed = state::Unclaimed::kKept;  // Until a window fires.
      return Base::restore(patient);
    } else {
      return Base::restore(restore);
    }
  }
  void open() override {
    states_.setBackend(this->backend_.get());
    window_context_.setBackend(this->backend_.get());
    namespaces_.setBackend(this->backend_.get());
    event_time_ = runner().assigner.isEventTime();
    if constexpr (kOnlyAtEnd<typename P::Trigger>) {
      sets_one_timer_ =
          runner().trigger.goesBy(event_time_) && (runner().lateness == 0 || !event_time_);
    }
    Base::open();
    runner().held.speakOf(held_slot_);
  }

  // For contexts.
  Slot slotOfKey() {
    return this->backend_->slotOf(*key_, WindowNamespaces<W>::ofKey(*this->backend_));
  }
  Slot slotOfWindow(const W& window) {
    return this->backend_->slotOf(*key_, namespaces_.of(window));
  }
  functions::SideOutputs& sideOutputs() { return this->out_.sides(); }

 protected:
  WindowRunner<P>& runner() { return this->function_; }

  /// Emits what the window's function makes of its elements.
  void callWith(const W& window, Iterable<Element>& elements) {
    this->out_.setTimestamp(window.maxTimestamp());
    callFunction(window, elements);
    this->out_.setTimestamp(kNoTimestamp);
  }
  void callFunction(const W& window, Iterable<Element>& elements) {
    if constexpr (std::is_same_v<typename P::Function, NoFunction>) {
      this->out_.collect(elements.front());
    } else {
      speakOfKey();
      window_context_.setWindow(window);
      callWindow<P::kProcess, Element, typename P::Out, Key, W>(
          runner().wrapped(),
          *key_,
          window_context_,
          elements,
          static_cast<Collector<Out>&>(this->out_));
    }
  }
  /// Tells the window's function, where it wants to know, that a window is gone.
  void clearFunction(const W& window) {
    if constexpr (KnowsClear<typename P::Function>) {
      speakOfKey();
      window_context_.setWindow(window);
      runner().wrapped().clear(window_context_);
    }
  }
  /// States that the user's function declares are those of the key.
  void speakOfKey() {
    if constexpr (std::is_base_of_v<StateOwner, typename P::Function>) {
      this->backend_->setCurrent(slotOfKey());
    }
  }

  /// Tells a window's trigger of a record that was put into it.
  virtual void trigger(const W& window, Slot slot, const In& value, std::int64_t timestamp) = 0;

  void dropLate(const In& value, std::int64_t timestamp) {
    if (runner().late) {
      sideOutputs().collect(*runner().late, value, timestamp);
    } else {
      runner().dropped.add(1);
    }
  }

  TimeDomain domain() const {
    return event_time_ ? TimeDomain::kEventTime : TimeDomain::kProcessingTime;
  }
  /// Of its end. A window that was restored may have had that, or another one, under another
  /// trigger or lateness.
  bool hasTimer(const W& window, Slot slot) {
    if (!restored_) [[likely]] {
      return true;
    }
    this->backend_->setCurrent(slot);
    return this->timers_.has(this->domain(), window.maxTimestamp());
  }
  std::int64_t cleanupTime(const W& window) {
    return event_time_ ? plus(window.maxTimestamp(), runner().lateness) : window.maxTimestamp();
  }
  void setCleanup(const W& window) {
    const std::int64_t end = cleanupTime(window);
    if (end != std::numeric_limits<std::int64_t>::max()) {
      this->timers_.add(domain(), end);
    }
  }
  /// At a timer of its own domain at `slot`, which a restore may have brought with another
  /// lateness.
  bool isOver(const W& window, std::int64_t time, Slot slot, bool holds) {
    const std::int64_t end = cleanupTime(window);
    return time == end || (time > end && (holds || (restored_ && hasStates(slot))));
  }
  /// Whether anything is kept for the window of a slot beside timers: a state of its trigger, or
  /// one of its function, which may not have asked for it yet.
  bool hasStates(Slot slot) const {
    return this->backend_->isHeld(slot) ||
           std::ranges::any_of(this->backend_->columns(), [slot](const auto& column) {
             return column->info().kind != state::StateKind::kTimer && column->has(slot);
           });
  }
  bool isLate(const W& window) {
    return event_time_ && cleanupTime(window) <= this->timers_.currentWatermark();
  }

  BoundStates states_;  // Of the trigger.
  OperatorAssignerContext assigner_context_{this->timers_};
  OperatorTriggerContext trigger_context_{this->timers_, states_};
  OperatorWindowContext<W, WindowBase> window_context_{*this, this->timers_};
  WindowNamespaces<W> namespaces_;
  bool event_time_ = true;
  bool sets_one_timer_ = false;  // Of a window with elements: that of its end, where it goes.
  bool restored_ = false;

  void setKey(const Key& key) { key_ = &key; }
  /// Of the slot of a timer. The backend may move its own while windows are asked for.
  void setKeyAt(Slot slot) {
    timers_key_ = this->backend_->keyAt(slot);
    key_ = &*timers_key_;
  }

  // Of the record or timer at hand.
  const Key* key_ = nullptr;         // It, or where a batch keeps its keys.
  std::optional<Key> timers_key_;    // Of a timer.
  Slot held_slot_ = state::kNoSlot;  // Where the elements of the window are.
};

}  // namespace weir::windows
