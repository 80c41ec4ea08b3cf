#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "common/windows/panes.h"
#include "common/windows/window_base.h"

namespace weir::windows {

/// Keeps the records of each key and window until the trigger fires the window, and what is left of
/// them until it is cleaned up. The state of a window has the window as its namespace.
///
/// A window is late once the watermark has reached its end and lateness; a record of none but late
/// ones is dropped.
template <typename P, typename Selector>
class WindowOperator final : public WindowBase<P>, public functions::Receiver<typename P::In> {
  using Base = WindowBase<P>;
  using Base::cleanupTime;
  using Base::domain;
  using Base::dropLate;
  using Base::event_time_;
  using Base::held_slot_;
  using Base::isLate;
  using Base::key_;
  using Base::key_slot_;
  using Base::kMerging;
  using Base::namespaces_;
  using Base::runner;
  using Base::slotOfKey;
  using Base::slotOfWindow;
  using Base::states_;
  using Base::trigger_context_;
  using typename Base::Element;
  using typename Base::In;
  using typename Base::Slot;
  using typename Base::W;

 public:
  WindowOperator(WindowRunner<P> runner, Selector selector)
      : Base(std::move(runner)), selector_(std::move(selector)) {}

  functions::AnyReceiver* input(std::uint32_t /*port*/) override { return this; }
  void receive(const functions::Signal& signal) override { this->onSignal(0, signal); }
  void receive(Batch<In>& batch) override {
    const functions::AtWork at_work(this->work_, batch.size());
    this->glance_.enforce();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      take(batch.records[i], batch.hasTimestamps() ? batch.timestamps[i] : kNoTimestamp);
    }
    this->backend_->endBatch();
    this->out_.flush();
  }

  void open() override {
    Base::open();
    if constexpr (P::kPanes) {
      panes_.setUp(runner().assigner.times());
    }
  }

  /// A timer of a window is due; the backend's current slot is that of key and window.
  void onTimer(std::int64_t time, TimeDomain domain) override {
    const Slot slot = this->backend_->current();
    key_ = this->backend_->keyAt(slot);
    const W window = namespaces_.windowAt(slot);
    held_slot_ = slot;
    if constexpr (kMerging) {
      key_slot_ = slotOfKey();
      const MergingWindows<W> sessions = sessionsOfKey();
      const W* held = sessions.stateOf(window);
      if (held == nullptr) {
        return;
      }
      held_slot_ = slotOfWindow(*held);
      this->backend_->setCurrent(slot);
    }
    act(domain == TimeDomain::kEventTime
            ? runner().trigger.onEventTime(time, window, trigger_context_)
            : runner().trigger.onProcessingTime(time, window, trigger_context_),
        window,
        slot);
    const bool own = (domain == TimeDomain::kEventTime) == event_time_;
    if (own && this->isOver(window, time, runner().held.find() != nullptr)) {
      cleanUp(window, slot);
    } else if (own && time == window.maxTimestamp()) {
      this->setCleanup(window);  // What was restored may have had another lateness.
    }
  }

 private:
  void take(const In& value, std::int64_t timestamp) {
    key_ = functions::callKeySelector(std::as_const(selector_), value);
    windows_.clear();
    this->assigner_context_.beginRecord();
    assignInto(runner().assigner, value, timestamp, this->assigner_context_, windows_);
    bool taken = false;
    if constexpr (P::kPanes) {
      if (panes_.used()) {
        taken = addToPane(value, timestamp);
        windows_.clear();
      }
    }
    for (const W& window : windows_) {
      if constexpr (kMerging) {
        taken |= merge(window, value, timestamp);
      } else if (!isLate(window)) {
        taken = true;
        const Slot slot = slotOfWindow(window);
        held_slot_ = slot;
        add(window, slot, value, timestamp);
      }
    }
    if (!taken && event_time_ &&
        plus(timestamp, runner().lateness) <= this->timers_.currentWatermark()) {
      dropLate(value, timestamp);
    }
  }

  /// Puts a record into a window that is there.
  void add(const W& window, Slot slot, const In& value, std::int64_t timestamp) {
    const bool is_set = kOnlyAtEnd<typename P::Trigger> && runner().lateness == 0 && !kMerging &&
                        runner().held.find() != nullptr;  // The timer of its end, its only one.
    runner().contents.add(runner().held, value, timestamp);
    if (!is_set) {
      trigger(window, slot, value, timestamp);
    }
  }
  void trigger(const W& window, Slot slot, const In& value, std::int64_t timestamp) {
    this->backend_->setCurrent(slot);
    act(runner().trigger.onElement(value, timestamp, window, trigger_context_), window, slot);
    this->setCleanup(window);
  }

  /// Puts a record into its pane, and tells its windows; false where all of them are late.
  bool addToPane(const In& value, std::int64_t timestamp)
    requires P::kPanes
  {
    std::erase_if(windows_, [this](const W& window) { return isLate(window); });
    if (windows_.empty()) {
      return false;
    }
    const std::int64_t oldest = windows_.back().start;  // The youngest stands first.
    const std::int64_t at =
        event_time_ ? timestamp : this->assigner_context_.getCurrentProcessingTime();
    const std::optional<std::int64_t> first = panes_.add(
        slotOfWindow(runner().assigner.times().paneOf(at)),
        oldest,
        [this] { return runner().contents.create(); },
        [&](auto& accumulator) { runner().contents.addTo(accumulator, value); });
    if (kOnlyAtEnd<typename P::Trigger> && runner().lateness == 0 && first && *first <= oldest) {
      return true;  // The timers of all its windows are set.
    }
    for (const W& window : windows_) {
      const Slot slot = slotOfWindow(window);
      held_slot_ = slot;
      if (first && window.start < *first) {  // It has come again, and the pane is not part of it.
        runner().contents.add(runner().held, value, timestamp);
      }
      trigger(window, slot, value, timestamp);
    }
    return true;
  }

  /// Puts a record into the session that its window becomes part of; not where that is late.
  bool merge(const W& window, const In& value, std::int64_t timestamp) {
    key_slot_ = slotOfKey();
    MergingWindows<W> sessions = sessionsOfKey();
    const auto added = sessions.add(window);
    if (isLate(added.window)) {
      return false;  // It met no other: those that are there are not late.
    }
    const W& held = *sessions.stateOf(added.window);
    if (!added.merged.empty()) {
      becomeOne(added, held);
    }
    if (added.is_new || !added.merged.empty()) {
      runner().sessions.set(sessions.pairs());
    }
    held_slot_ = slotOfWindow(held);
    add(added.window, slotOfWindow(added.window), value, timestamp);
    return true;
  }
  MergingWindows<W> sessionsOfKey() {
    const auto* pairs = runner().sessions.find();
    return MergingWindows<W>(pairs == nullptr ? typename MergingWindows<W>::Pairs() : *pairs);
  }
  /// Moves what windows have that are part of another now: of the trigger, and their elements.
  void becomeOne(const typename MergingWindows<W>::Added& added, const W& held) {
    merged_slots_.clear();
    for (const W& one : added.merged) {
      merged_slots_.push_back(slotOfWindow(one));
    }
    const Slot into = slotOfWindow(added.window);
    this->backend_->setCurrent(into);
    states_.beginMerge(merged_slots_, into);
    runner().trigger.onMerge(added.window, trigger_context_);
    states_.endMerge();
    for (std::size_t i = 0; i < added.merged.size(); ++i) {
      this->backend_->setCurrent(merged_slots_[i]);
      runner().trigger.clear(added.merged[i], trigger_context_);
      this->timers_.remove(domain(), cleanupTime(added.merged[i]));
    }
    for (const W& one : added.emptied) {
      held_slot_ = slotOfWindow(one);
      if (const auto* elements = runner().held.find()) {
        const auto moved = *elements;
        runner().held.clear();
        held_slot_ = slotOfWindow(held);
        runner().contents.merge(runner().held, moved);
      }
    }
  }

  /// Does what a trigger said of a window whose elements are at held_slot_.
  void act(TriggerResult result, const W& window, Slot slot) {
    if (result == TriggerResult::kContinue) [[likely]] {
      return;
    }
    if (fires(result)) {
      fire(window);
    }
    if (purges(result)) {
      runner().held.clear();
    }
    this->backend_->setCurrent(slot);
  }
  void fire(const W& window) {
    const auto call = [&](Iterable<Element>& elements) {
      this->out_.setTimestamp(window.maxTimestamp());
      this->callFunction(window, elements);
      this->out_.setTimestamp(kNoTimestamp);
    };
    if constexpr (P::kPanes) {
      if (panes_.used()) {
        return firePanes(window, call);
      }
    }
    if (runner().held.find() != nullptr) {
      runner().contents.use(runner().held, window, call);
    }
  }
  template <typename Call>
  void firePanes(const W& window, Call call) {
    auto& contents = runner().contents;
    std::optional<typename P::Contents::Accumulator> total;
    panes_.collect(
        window,
        [this](const W& pane) { return findPane(pane); },
        [&contents](const auto& a, const auto& b) { return contents.merged(a, b); },
        total);
    if (const auto* own = runner().held.find()) {
      total = total ? contents.merged(*total, *own) : *own;
    }
    if (total) {
      contents.useAccumulator(*total, call);
    }
  }
  Slot findPane(const W& pane) { return this->backend_->find(*key_, namespaces_.bytesOf(pane)); }

  /// Forgets a window and all that was kept for it.
  void cleanUp(const W& window, Slot slot) {
    runner().held.clear();
    if constexpr (P::kPanes) {
      if (panes_.used()) {
        panes_.cleanUp(window, [this](const W& pane) { return findPane(pane); });
      }
    }
    runner().trigger.clear(window, trigger_context_);
    runner().clearTriggerState();
    if constexpr (KnowsClear<typename P::Function>) {
      this->speakOfKey();
      this->window_context_.setWindow(window);
      runner().wrapped().clear(this->window_context_);
      this->backend_->setCurrent(slot);
    }
    if constexpr (kMerging) {
      MergingWindows<W> sessions = sessionsOfKey();
      sessions.retire(window);
      if (sessions.pairs().empty()) {
        runner().sessions.clear();
      } else {
        runner().sessions.set(sessions.pairs());
      }
    }
  }

  Selector selector_;
  std::conditional_t<P::kPanes, Panes<decltype(WindowRunner<P>::panes)>, NoPanes> panes_{
      this->function_.panes};
  std::vector<W> windows_;  // Of the record at hand.
  std::vector<Slot> merged_slots_;
};

}  // namespace weir::windows
