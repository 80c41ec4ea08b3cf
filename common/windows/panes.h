#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "common/state/keyed_backend.h"
#include "common/windows/assigners.h"
#include "common/windows/contents.h"

/// Panes: stretches of time that lie in each of the sliding windows wholly or not at all. A record
/// is added to one accumulator, that of its pane, however many windows it is in.
namespace weir::windows {

/// The windows that a pane is part of, in lengths of the pane: how far apart they begin, and how
/// long they are. Nothing where an earlier release has not noted it.
struct PaneWindows {
  std::uint32_t slide = 0;
  std::uint16_t size = 0;
  bool by_clock = false;
  bool operator==(const PaneWindows&) const = default;
};

template <typename Acc>
struct Pane {
  Acc accumulator{};
  /// The start of the oldest window that it is part of. Those before are cleaned up; should the
  /// watermark have begun anew, they may come again, without what is in here.
  std::int64_t first = 0;
  PaneWindows windows{};
};

/// The panes of the key at hand. `State` is a CellState of Pane<Acc>, which speaks of slot();
/// `Find` gives the slot of a pane of the key, or kNoSlot where it has none.
template <typename State>
class Panes {
 public:
  /// More panes than this in one window are not worth their search.
  static constexpr std::int64_t kMost = 4096;

  explicit Panes(State& state) : state_(state) {}

  void setUp(const SlidingTimes& times, bool by_clock) {
    times_ = times;
    const std::int64_t size = times.size() / times.paneLength();
    used_ = size <= kMost;
    if (used_) {
      constexpr std::int64_t kFurthest = std::numeric_limits<std::uint32_t>::max();
      const std::int64_t slide = std::min(times.slide() / times.paneLength(), kFurthest);
      windows_ = {static_cast<std::uint32_t>(slide), static_cast<std::uint16_t>(size), by_clock};
    }
    state_.speakOf(slot_);
  }
  /// Whether elements are kept by pane at all.
  bool used() const { return used_; }
  const PaneWindows& windows() const { return windows_; }

  /// Adds to a pane by `add(accumulator)`, which begins as `create()`. `oldest`: the start of the
  /// oldest window of the pane that is not late. Returns the start of the oldest window that the
  /// pane is part of; nothing where the pane is new.
  template <typename Create, typename Add>
  std::optional<std::int64_t> add(state::Slot slot, std::int64_t oldest, Create create, Add add) {
    using Cell = typename State::Cell;
    slot_ = slot;
    const Cell* known = state_.find();
    std::optional<std::int64_t> first;
    if (known != nullptr) {
      first = known->first;
    } else {
      state_.set(Cell{create(), oldest, windows_});
    }
    add(state_.edit().accumulator);
    return first;
  }

  TimeWindow of(std::int64_t time) const { return times_->paneOf(time); }
  const SlidingTimes& times() const { return *times_; }

  /// Visits the panes of a window that the key has, each at hand.
  template <typename Find, typename Visit>
  void eachOf(const TimeWindow& window, Find find, Visit visit) {
    TimeWindow pane = {window.start, plus(window.start, times_->paneLength())};
    if (isCut(window)) {
      pane = times_->paneOf(window.start);
    }
    while (pane.start < window.end) {
      slot_ = find(pane);
      const auto* cell = slot_ == state::kNoSlot ? nullptr : state_.find();
      if (cell != nullptr) {
        visit(pane, *cell);
      }
      if (pane.end >= window.end) {
        return;  // The next may not be in time any more.
      }
      pane = {pane.end, plus(pane.end, times_->paneLength())};
    }
  }

  /// What `idOf` says of the panes of a window that is not cut short, without those of which it is
  /// `none`: as many as fit. Returns how many.
  template <typename IdOf, typename Id>
  std::size_t idsOf(const TimeWindow& window, IdOf idOf, Id none, std::span<Id> to) const {
    const std::int64_t length = times_->paneLength();
    std::size_t count = 0;
    for (std::int64_t at = window.start; at < window.end && count < to.size(); at += length) {
      to[count] = idOf(TimeWindow{at, at + length});
      count += to[count] == none ? 0 : 1;
    }
    return count;
  }

  /// The accumulators of all panes of a window as one, if there are any.
  template <typename Acc, typename Find, typename Merge>
  void collect(const TimeWindow& window, Find find, Merge merge, std::optional<Acc>& total) {
    eachOf(window, find, [&](const TimeWindow& /*pane*/, const auto& cell) {
      if (cell.first <= window.start) {
        total = total ? merge(*total, cell.accumulator) : cell.accumulator;
      }
    });
  }

  /// The window is gone, and with it the panes that are part of no younger one.
  template <typename Find>
  void cleanUp(const TimeWindow& window, Find find) {
    const std::int64_t next = startOfNext(window);
    eachOf(
        window, find, [&](const TimeWindow& pane, const auto& cell) { leave(pane, cell, next); });
  }
  /// Both at once; whether a pane is left, which is part of the next window.
  template <typename Acc, typename Find, typename Merge>
  bool take(const TimeWindow& window, Find find, Merge merge, std::optional<Acc>& total) {
    const std::int64_t next = startOfNext(window);
    bool is_left = false;
    eachOf(window, find, [&](const TimeWindow& pane, const auto& cell) {
      if (cell.first <= window.start) {
        total = total ? merge(*total, cell.accumulator) : cell.accumulator;
      }
      is_left |= leave(pane, cell, next);
    });
    return is_left;
  }

 private:
  /// Whether a window would begin before all time.
  bool isCut(const TimeWindow& window) const {
    return window.end != plus(window.start, times_->size());
  }
  std::int64_t startOfNext(const TimeWindow& window) const {
    return isCut(window) ? plus(window.end, times_->slide() - times_->size())
                         : plus(window.start, times_->slide());
  }
  /// The pane at hand is part of windows from `next` on; false where there are none such.
  template <typename Cell>
  bool leave(const TimeWindow& pane, const Cell& cell, std::int64_t next) {
    if (pane.start < next) {
      state_.clear();
      return false;
    }
    if (cell.first < next) {
      state_.edit().first = next;
    }
    return true;
  }

  State& state_;  // Of the operator's runner.
  std::optional<SlidingTimes> times_;
  bool used_ = false;
  PaneWindows windows_;
  state::Slot slot_ = state::kNoSlot;
};

}  // namespace weir::windows
