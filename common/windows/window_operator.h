#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "common/windows/paned_windows.h"
#include "common/windows/session_windows.h"
#include "common/windows/window_base.h"
#include "common/windows/window_batch.h"

namespace weir::windows {

/// What an operator of windows is made on.
template <typename P>
using WindowsOf = std::conditional_t<
    P::kMerging,
    SessionWindows<P>,
    std::conditional_t<P::kPanes,
                       PanedWindows<P>,
                       std::conditional_t<P::kMayRestorePanes, RestoredPanes<P>, WindowBase<P>>>>;

/// Keeps the records of each key and window until the trigger fires the window, and what is left of
/// them until it is cleaned up. The state of a window has the window as its namespace.
///
/// A window is late once the watermark has reached its end and lateness; a record of none but late
/// ones is dropped.
template <typename P, typename Selector>
class WindowOperator final : public WindowsOf<P>, public functions::Receiver<typename P::In> {
  using Base = WindowsOf<P>;
  using Base::cleanupTime;
  using Base::domain;
  using Base::dropLate;
  using Base::event_time_;
  using Base::held_slot_;
  using Base::isLate;
  using Base::key_;
  using Base::kMerging;
  using Base::namespaces_;
  using Base::runner;
  using Base::slotOfKey;
  using Base::slotOfWindow;
  using Base::states_;
  using Base::trigger_context_;
  using typename Base::Element;
  using typename Base::In;
  using typename Base::Key;
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
    if (goesTogether()) {
      takeTogether(batch);
    } else {
      for (std::size_t i = 0; i < batch.size(); ++i) {
        take(batch.records[i], timestampOf(batch, i));
      }
    }
    this->backend_->endBatch();
    this->out_.flush();
  }

  /// A timer of a window is due; the backend's current slot is that of key and window.
  void onTimer(std::int64_t time, TimeDomain domain) override {
    const Slot slot = this->backend_->current();
    this->setKeyAt(slot);
    if constexpr (P::kMayRestorePanes) {
      if (this->isOfPanes(time, domain, slot)) {
        return;
      }
    }
    const W window = namespaces_.windowAt(slot);
    held_slot_ = slot;
    if constexpr (kMerging) {
      if (!this->find(window)) {
        return;
      }
      this->backend_->setCurrent(slot);
    }
    act(domain == TimeDomain::kEventTime
            ? runner().trigger.onEventTime(time, window, trigger_context_)
            : runner().trigger.onProcessingTime(time, window, trigger_context_),
        window,
        slot);
    const bool own = (domain == TimeDomain::kEventTime) == event_time_;
    if (own && this->isOver(window, time, slot, holds(window))) {
      cleanUp(window, slot);
    } else if (own && time >= window.maxTimestamp() && time < this->cleanupTime(window)) {
      this->setCleanup(window);  // What was restored may have had another lateness.
    }
  }

 private:
  /// Whether every record of a batch goes to one place at the most.
  static constexpr bool kTogether =
      std::default_initializable<Key> && (kOneWindow<typename P::Assigner> || P::kPanes);

  static std::int64_t timestampOf(const Batch<In>& batch, std::size_t i) {
    return batch.hasTimestamps() ? batch.timestamps[i] : kNoTimestamp;
  }
  bool goesTogether() const {
    if constexpr (kTogether && P::kPanes) {
      return this->keepsPanes();
    } else {
      return kTogether;
    }
  }

  /// Puts each record of a batch where it belongs.
  void takeTogether(const Batch<In>& batch) {
    if constexpr (kTogether) {
      std::size_t next = 0;
      known_.reset();
      while (next < batch.size()) {
        together_.clear();
        for (; next < batch.size() && !together_.isFull(); ++next) {
          addPlace(batch.records[next], timestampOf(batch, next), next);
        }
        together_.resolve(namespaces_, *this->backend_);
        for (std::size_t i = 0; i < together_.size(); ++i) {
          const std::size_t record = together_.record(i);
          this->setKey(together_.key(i));
          put(i, batch.records[record], timestampOf(batch, record));
        }
      }
    }
  }
  /// Finds where a record goes, unless it is late.
  void addPlace(const In& value, std::int64_t timestamp, std::size_t record) {
    if (!isKnown(timestamp)) {
      known_ = placeOf(value, timestamp);
    }
    if (known_) {
      together_.add(functions::callKeySelector(std::as_const(selector_), value), *known_, record);
    } else {
      dropIfLate(value, timestamp);
    }
  }
  /// Whether a record goes where the one before it went.
  bool isKnown(std::int64_t timestamp) const {
    if constexpr (std::is_same_v<W, TimeWindow>) {
      return known_ && event_time_ && timestamp != kNoTimestamp &&
             timestamp >= known_->window.start && timestamp < known_->window.end;
    } else {
      return false;
    }
  }
  void put(std::size_t i, const In& value, std::int64_t timestamp) {
    if constexpr (P::kPanes) {
      this->keep(together_.place(i), together_.slot(i), value, timestamp);
    } else {
      held_slot_ = together_.slot(i);
      add(together_.place(i).window, held_slot_, value, timestamp);
    }
  }
  /// Of a record that goes to one place; nowhere if that is late.
  std::optional<Place<W>> placeOf(const In& value, std::int64_t timestamp) {
    windowsOf(value, timestamp);
    std::erase_if(windows_, [this](const W& window) { return isLate(window); });
    if (windows_.empty()) {
      return std::nullopt;
    }
    if constexpr (P::kPanes) {
      return Place<W>{this->paneOf(timestamp), windows_.back().start};  // The youngest is first.
    } else {
      return Place<W>{windows_.back()};
    }
  }
  void windowsOf(const In& value, std::int64_t timestamp) {
    windows_.clear();
    this->assigner_context_.beginRecord();
    assignInto(runner().assigner, value, timestamp, this->assigner_context_, windows_);
  }

  void take(const In& value, std::int64_t timestamp) {
    key_of_record_ = functions::callKeySelector(std::as_const(selector_), value);
    this->setKey(*key_of_record_);
    if constexpr (P::kPanes) {
      if (this->keepsPanes()) {
        if (const std::optional<Place<W>> place = placeOf(value, timestamp)) {
          return this->keep(*place, slotOfWindow(place->window), value, timestamp);
        }
        return dropIfLate(value, timestamp);
      }
    }
    windowsOf(value, timestamp);
    bool taken = false;
    for (const W& window : windows_) {
      if constexpr (kMerging) {
        if (const std::optional<W> session = this->sessionOf(window)) {
          taken = true;
          add(*session, slotOfWindow(*session), value, timestamp);
        }
      } else if (!isLate(window)) {
        taken = true;
        held_slot_ = slotOfWindow(window);
        add(window, held_slot_, value, timestamp);
      }
    }
    if (!taken) {
      dropIfLate(value, timestamp);
    }
  }
  void dropIfLate(const In& value, std::int64_t timestamp) {
    if (event_time_ && plus(timestamp, runner().lateness) <= this->timers_.currentWatermark()) {
      dropLate(value, timestamp);
    }
  }

  /// Puts a record into a window that is there.
  void add(const W& window, Slot slot, const In& value, std::int64_t timestamp) {
    const bool is_set = !kMerging && this->sets_one_timer_ && runner().held.find() != nullptr &&
                        this->hasTimer(window, slot);
    runner().contents.add(runner().held, value, timestamp);
    if (!is_set) {
      trigger(window, slot, value, timestamp);
    }
  }
  bool holds(const W& window) {
    if constexpr (P::kPanes) {
      if (this->keepsPanes()) {
        return this->isKept(window);
      }
    }
    return runner().held.find() != nullptr;
  }
  void trigger(const W& window, Slot slot, const In& value, std::int64_t timestamp) override {
    this->backend_->setCurrent(slot);
    act(runner().trigger.onElement(value, timestamp, window, trigger_context_), window, slot);
    this->setCleanup(window);
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
    if constexpr (P::kPanes) {
      if (this->keepsPanes()) {
        return this->firePanes(window);
      }
    }
    if (runner().held.find() != nullptr) {
      runner().contents.use(runner().held, window, [&](Iterable<Element>& elements) {
        this->callWith(window, elements);
      });
    }
  }

  /// Forgets a window and all that was kept for it.
  void cleanUp(const W& window, Slot slot) {
    runner().held.clear();
    if constexpr (P::kPanes) {
      if (this->keepsPanes()) {
        this->cleanUpPanes(window);
      }
    }
    runner().trigger.clear(window, trigger_context_);
    runner().clearTriggerState();
    this->clearFunction(window);
    this->backend_->setCurrent(slot);
    if constexpr (kMerging) {
      this->retire(window);
    }
  }

  Selector selector_;
  std::vector<W> windows_;  // Of the record at hand.
  std::optional<Key> key_of_record_;
  std::optional<Place<W>> known_;  // Where the record before goes.
  std::conditional_t<kTogether, WindowBatch<Key, W>, std::monostate> together_;
};

}  // namespace weir::windows
