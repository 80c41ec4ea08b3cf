#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "common/windows/panes.h"
#include "common/windows/restored_panes.h"
#include "common/windows/window_batch.h"

namespace weir::windows {

/// Windows whose records are kept by pane.
///
/// Where a window does nothing but fire at its end and go, only the next window of a key has a
/// timer, which is the key's own: it sets that of the window after. Else each window has its own,
/// in its namespace, as windows without panes have.
template <typename P>
class PanedWindows : public RestoredPanes<P> {
  using Base = RestoredPanes<P>;

 protected:
  using typename Base::Element;
  using typename Base::In;
  using typename Base::Slot;
  using typename Base::W;

 public:
  explicit PanedWindows(WindowRunner<P> runner) : Base(std::move(runner)) {}

  void open() override {
    WindowBase<P>::open();
    panes_.setUp(runner().assigner.times(), !this->event_time_);
    this->settle(
        [this](const W& pane, const Cell& cell) { return keepsPanes() && isOfNow(pane, cell); },
        keepsPanes() ? std::optional(panes_.windows()) : std::nullopt);
    chained_ = this->sets_one_timer_;
    others_left_ = this->restored_ && chained_ && hasOthers();
  }

 protected:
  using Base::runner;
  using typename Base::Acc;
  using typename Base::Cell;

  bool keepsPanes() const { return panes_.used(); }
  /// Of the record at hand.
  W paneOf(std::int64_t timestamp) const {
    return panes_.of(this->event_time_ ? timestamp
                                       : this->assigner_context_.getCurrentProcessingTime());
  }

  /// Puts a record into a pane, which lies at `slot`, and tells its windows.
  void keep(const Place<W>& place, Slot slot, const In& value, std::int64_t timestamp) {
    const std::optional<std::int64_t> first = panes_.add(
        slot,
        place.oldest,
        [this] { return runner().contents.create(); },
        [&](Acc& accumulator) { runner().contents.addTo(accumulator, value); });
    if (chained_ && first && *first <= place.oldest && !areOthersLeft()) [[likely]] {
      return;  // The timer is set.
    }
    if (chained_ && !first && !hasFarWindows(place.window)) {
      return setNext(windowFrom(place.oldest));
    }
    windowsAt(place.window.start);
    for (const W& window : windows_) {
      const bool is_chained = chained_ && !isFar(window);
      const bool comes_again = first && window.start < *first;  // The pane is not part of it.
      if (is_chained && !comes_again) {
        setNext(window);
        continue;
      }
      const Slot own = this->slotOfWindow(window);
      this->held_slot_ = own;
      if (comes_again) {
        runner().contents.add(runner().held, value, timestamp);
      }
      if (is_chained) {
        this->backend_->setCurrent(own);
        this->timers_.add(this->domain(), window.maxTimestamp());
      } else {
        this->trigger(window, own, value, timestamp);
      }
    }
  }

  /// Emits what the panes of a window have, and what it has of its own.
  void firePanes(const W& window) {
    std::optional<Acc> total;
    if (isOurs(window)) {
      panes_.collect(window, finder(), merger(), total);
    }
    if (const Acc* own = runner().held.find()) {
      total = total ? runner().contents.merged(*total, *own) : *own;
    }
    emit(window, total);
  }
  void cleanUpPanes(const W& window) {
    if (isOurs(window)) {
      panes_.cleanUp(window, finder());
    }
  }

  /// A timer at `slot` is due; false where it is to be handled as that of any window.
  bool isOfPanes(std::int64_t time, TimeDomain domain, Slot slot) {
    if (!keepsPanes() || domain != this->domain()) {
      return Base::isOfPanes(time, domain, slot);
    }
    if (this->backend_->namespaceAt(slot) == state::kNoNamespace) {
      chained_ ? fireNext(time, slot) : setEach(time);
      return true;
    }
    // Of a snapshot that was taken when windows had lateness, or another trigger.
    const W window = this->namespaces_.windowAt(slot);
    if (!chained_ || isFar(window) || !isOurs(window)) {
      return false;
    }
    if (time == window.maxTimestamp()) {
      setNext(window);
    } else if (time > window.maxTimestamp()) {
      forget(window, slot);
    }
    return true;
  }
  /// Whether there is something of a window, whose own elements are at held_slot_.
  bool isKept(const W& window) {
    bool is_kept = runner().held.find() != nullptr;
    if (!isOurs(window)) {
      return is_kept;
    }
    panes_.eachOf(window, finder(), [&](const W& /*pane*/, const auto& cell) {
      is_kept |= cell.first <= window.start;
    });
    return is_kept;
  }

 private:
  /// Windows further from the epoch may be cut short by the end of all time.
  static bool isFar(const W& window) {
    constexpr std::int64_t kFar = std::int64_t{1} << 62;
    return window.start < -kFar || window.end > kFar;
  }
  /// False of one that the program had before: it has elements of its own alone.
  bool isOurs(const W& window) const {
    return isFar(window) || (window.end - window.start == times().size() &&
                             times().youngestStart(window.start) == window.start);
  }
  bool isOfNow(const W& pane, const Cell& cell) const {
    return cell.windows == panes_.windows() &&
           (isFar(pane) || (pane.end - pane.start == times().paneLength() &&
                            times().youngestStart(cell.first) == cell.first));
  }
  bool hasFarWindows(const W& pane) const {
    const std::int64_t size = times().size();
    return isFar({plus(pane.start, -size), plus(pane.end, size)});
  }
  /// Whether windows have something of their own: a snapshot had timers of theirs, and panes that
  /// are no part of a window that has yet to fire.
  bool hasOthers() {
    const std::int64_t size = times().size();
    return this->namespaces_.any(
        [size](const W& window) { return window.end - window.start == size; });
  }
  bool areOthersLeft() {
    constexpr std::uint32_t kLookEvery = 1024;  // Records.
    if (others_left_ && ++looked_ % kLookEvery == 0) [[unlikely]] {
      others_left_ = hasOthers();
    }
    return others_left_;
  }
  /// A window that has fired is over, as its lateness was.
  void forget(const W& window, Slot slot) {
    this->held_slot_ = slot;
    if (isKept(window) || this->hasStates(slot)) {
      runner().held.clear();
      cleanUpPanes(window);
      this->clearFunction(window);
    }
  }
  const SlidingTimes& times() const { return panes_.times(); }
  W windowFrom(std::int64_t start) const { return {start, plus(start, times().size())}; }
  /// Those that are not late, the youngest first.
  void windowsAt(std::int64_t time) {
    windows_.clear();
    times().assign(time, windows_);
    std::erase_if(windows_, [this](const W& window) { return this->isLate(window); });
  }
  auto finder() {
    return [this](const W& pane) {
      const state::NamespaceId id = this->namespaces_.find(pane);
      return id == state::kNoNamespace ? state::kNoSlot : this->backend_->find(*this->key_, id);
    };
  }
  auto merger() {
    return [this](const Acc& a, const Acc& b) { return runner().contents.merged(a, b); };
  }
  void emit(const W& window, const std::optional<Acc>& total) {
    if (total) {
      runner().contents.useAccumulator(
          *total, [&](Iterable<Element>& elements) { this->callWith(window, elements); });
    }
  }

  void setNext(const W& window) {
    this->backend_->setCurrent(this->slotOfKey());
    this->timers_.add(this->domain(), window.maxTimestamp());
  }
  /// The key's next window, which lies at `slot`, has ended.
  void fireNext(std::int64_t time, Slot slot) {
    const W window = windowFrom(time + 1 - times().size());
    if (!isOurs(window)) {
      return;
    }
    fetchAhead(window, time);
    std::optional<Acc> total;
    const bool goes_on = panes_.take(window, finder(), merger(), total);
    takeOwn(window, time, total);
    if (total) {
      emit(window, total);
      this->clearFunction(window);
    }
    const W next = windowFrom(plus(window.start, times().slide()));
    if (goes_on && !isFar(next)) {
      this->backend_->setCurrent(slot);
      this->timers_.add(this->domain(), next.maxTimestamp());
    }
  }
  /// The keys whose windows end with this one look for panes next, each for those of the same
  /// times: so the memory latency of many overlaps.
  void fetchAhead(const W& window, std::int64_t time) {
    constexpr std::size_t kMostPanes = 16;
    if (ahead_ > 0 || isFar(window)) {
      ahead_ -= ahead_ > 0 ? 1 : 0;
      return;
    }
    std::array<state::NamespaceId, kMostPanes> panes;
    const auto id_of = [this](const W& pane) { return this->namespaces_.find(pane); };
    const std::size_t count =
        panes_.idsOf(window, id_of, state::kNoNamespace, std::span<state::NamespaceId>(panes));
    std::array<Slot, state::KeyedBackendOf<typename Base::Key>::kStage> slots;
    const std::size_t most = slots.size() / std::max(count, std::size_t{1});
    for (const auto& entry : this->timers_.coming(this->domain())) {
      if (entry.time != time || ahead_ == most) {
        break;
      }
      slots[ahead_++] = entry.id;
    }
    this->backend_->prefetchIn(std::span(slots.data(), ahead_), std::span(panes.data(), count));
  }
  /// What the window has of its own goes: records that came for it again, and a timer.
  void takeOwn(const W& window, std::int64_t time, std::optional<Acc>& total) {
    const Slot own = finder()(window);
    if (own == state::kNoSlot) [[likely]] {
      return;
    }
    this->held_slot_ = own;
    if (const Acc* held = runner().held.find()) {
      total = total ? runner().contents.merged(*total, *held) : *held;
      runner().held.clear();
    }
    this->backend_->setCurrent(own);
    this->timers_.remove(this->domain(), time);
  }
  /// The snapshot was taken when windows had no lateness: gives each window of the panes of the one
  /// that has ended its own timers, unless those of an even earlier snapshot are there.
  void setEach(std::int64_t time) {
    const W window = windowFrom(time + 1 - times().size());
    if (!isOurs(window)) {
      return;
    }
    std::int64_t youngest = window.start;
    panes_.eachOf(window, finder(), [&](const W& pane, const auto& /*cell*/) {
      youngest = std::max(youngest, times().youngestStart(pane.start));
    });
    for (std::int64_t start = window.start; start <= youngest; start += times().slide()) {
      const W one = windowFrom(start);
      this->backend_->setCurrent(this->slotOfWindow(one));
      if (!this->timers_.has(this->domain(), this->cleanupTime(one))) {
        this->timers_.add(this->domain(), one.maxTimestamp());
        this->setCleanup(one);
      }
    }
  }

  Panes<decltype(WindowRunner<P>::panes)> panes_{this->function_.panes};
  bool chained_ = false;
  bool others_left_ = false;
  std::uint32_t looked_ = 0;
  std::size_t ahead_ = 0;   // Timers that fire next, of which this is done.
  std::vector<W> windows_;  // Of the record at hand.
};

}  // namespace weir::windows
