#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/functions/operator_check.h"
#include "common/windows/panes.h"
#include "common/windows/window_base.h"

namespace weir::windows {

/// Windows that may find elements in panes where they are restored, although their own lie in
/// others or in none: the program has other windows now, or another trigger.
///
/// What such a pane has goes to each of the windows that it was part of, into the namespace of that
/// window, as if there had never been panes. So these windows fire at their end with what they had,
/// and those that the program still has take further records.
template <typename P>
class RestoredPanes : public WindowBase<P> {
  using Base = WindowBase<P>;

 protected:
  using typename Base::Slot;
  using typename Base::W;
  using Acc = typename P::Contents::Accumulator;
  using Cell = Pane<Acc>;

 public:
  using Base::Base;

  Status restore(const functions::OperatorRestore& restore) override {
    WEIR_RETURN_IF_ERROR(claim(restore));
    return Base::restore(restore);
  }
  void check(const functions::OperatorRestore& restore, state::CheckListener& listener) override {
    if (listener.attempt(
            state::CheckPhase::kConstruct, kPanes, [&] { return this->claim(restore); })) {
      Base::check(restore, listener);
    }
  }
  void open() override {
    Base::open();
    settle([](const W& /*pane*/, const Cell& /*cell*/) { return false; }, std::nullopt);
  }

 protected:
  using Base::runner;
  static constexpr const char* kPanes = "window-panes";

  /// A timer at `slot` is due; true of one of a key, whose panes are gone, as its windows have
  /// their own.
  bool isOfPanes(std::int64_t /*time*/, TimeDomain /*domain*/, Slot slot) const {
    return this->backend_->namespaceAt(slot) == state::kNoNamespace;
  }
  /// Gives panes to their windows unless `is_of_now`, of a pane and its cell, says that they are
  /// such as this operator keeps: then it does so of all. `now`: what it notes on its own, if any;
  /// panes of a release that noted nothing get that, where they fit.
  template <typename IsOfNow>
  void settle(IsOfNow is_of_now, std::optional<PaneWindows> now) {
    if (!this->restored_ || !has_panes_) {
      return;
    }
    auto column = this->backend_->column(PaneDescriptor(kPanes));
    functions::throwOnError(column.has_value() ? ok() : Status(column.error()),
                            this->context_->task());
    column_ = *column;
    bool goes = false;  // Found out by the first pane: they are all alike.
    walk([&](Slot /*slot*/, const W& pane, const Cell& cell) {
      goes = !is_of_now(pane, cell);
      return false;
    });
    if (!goes) {
      return;
    }
    walk([&](Slot slot, const W& pane, const Cell& cell) {
      if (cell.windows == PaneWindows()) {
        Cell noted = cell;
        noted.windows = now.value_or(PaneWindows());
        if (!now || !is_of_now(pane, noted)) {
          throwUnknown(pane);
        }
        this->backend_->noteUsed(slot);
        column_->set(slot, std::move(noted));
      } else if (!is_of_now(pane, cell)) {
        give(slot, pane, Cell(cell));
      }
      return true;
    });
    this->backend_->endBatch();
  }

 private:
  using PaneDescriptor = CellDescriptor<Cell, state::StateKind::kAggregating>;

  /// Asks for the panes of a snapshot, where this operator keeps none itself.
  Status claim(const functions::OperatorRestore& restore) {
    for (const functions::RestoredSection& part : restore.sections) {
      for (const state::StateSummary& state : part.section->states()) {
        has_panes_ = has_panes_ || (state.name == kPanes && state.entries > 0 &&
                                    std::ranges::count(restore.dropped, state.name) == 0);
      }
    }
    if (has_panes_ && !P::kPanes) {
      WEIR_TRY([[maybe_unused]] const auto* column, this->backend_->column(PaneDescriptor(kPanes)));
    }
    return ok();
  }
  /// Calls `visit` with each pane, until it answers false.
  template <typename Visit>
  void walk(Visit visit) {
    constexpr std::size_t kAtOnce = 128;  // Keys that come up from below.
    std::size_t seen = 0;
    const auto at = [&](Slot slot) {
      const Cell* cell = column_->get(slot);
      return cell == nullptr || visit(slot, this->namespaces_.windowAt(slot), *cell);
    };
    functions::throwOnError(
        this->backend_->forCells(*column_,
                                 at,
                                 [&](const state::FrozenTier::Entry& entry) {
                                   const bool goes_on = at(this->backend_->slotOfKey(
                                       entry.key,
                                       this->backend_->namespaces().idOf(entry.name_space)));
                                   if (++seen % kAtOnce == 0) {
                                     this->backend_->endBatch();
                                   }
                                   return goes_on;
                                 }),
        this->context_->task());
  }
  void give(Slot slot, const W& pane, const Cell& cell) {
    const auto key = this->backend_->keyAt(slot);
    this->setKey(key);
    const std::int64_t length = pane.end - pane.start;
    const std::int64_t size = cell.windows.size * length;
    const std::int64_t slide = cell.windows.slide * length;
    const TimeDomain before =
        cell.windows.by_clock ? TimeDomain::kProcessingTime : TimeDomain::kEventTime;
    for (std::int64_t start = cell.first; start <= pane.start; start += slide) {
      giveTo({start, plus(start, size)}, before, cell.accumulator);
      if (start > pane.start - slide) {
        break;  // The next sum might be none.
      }
    }
    replaceTimers(before, size);
    this->backend_->noteUsed(slot);
    column_->erase(slot);
    this->backend_->noteCleared(slot);
  }
  void giveTo(const W& window, TimeDomain before, const Acc& accumulator) {
    const Slot slot = this->slotOfWindow(window);
    this->backend_->setCurrent(slot);
    const std::vector<std::int64_t> timers = this->timers_.times(before);
    const bool has_fired =
        !timers.empty() && std::ranges::count(timers, window.maxTimestamp()) == 0;
    if (has_fired && before != this->domain()) {
      return;  // It was kept for late records, which come no more.
    }
    if (timers.empty() || before != this->domain()) {
      this->timers_.add(this->domain(), window.maxTimestamp());
    }
    this->held_slot_ = slot;
    runner().contents.merge(runner().held, accumulator);
  }
  /// A timer of the key was that of its next window: each window has its own by now, or gets it.
  void replaceTimers(TimeDomain before, std::int64_t size) {
    this->backend_->setCurrent(this->slotOfKey());
    for (const std::int64_t time : this->timers_.times(before)) {
      this->backend_->setCurrent(this->slotOfKey());
      this->timers_.remove(before, time);
      const W window{time + 1 - size, time + 1};
      this->held_slot_ = this->slotOfWindow(window);
      if (runner().held.find() != nullptr) {
        this->backend_->setCurrent(this->held_slot_);
        this->timers_.add(this->domain(), time);
      }
    }
  }
  [[noreturn]] void throwUnknown(const W& pane) const {
    throw std::runtime_error(
        "operator '" + this->context_->task().operator_name + "' finds its windows in panes of " +
        std::to_string(pane.end - pane.start) +
        " ms that begin at other times than those of its program, and the release that wrote them "
        "did not note how long the windows were and how far apart: restore the savepoint with the "
        "size, the slide and the trigger that it was taken with, and change them with the next "
        "savepoint");
  }

  bool has_panes_ = false;                 // The snapshot.
  state::Column<Cell>* column_ = nullptr;  // The backend's.
};

}  // namespace weir::windows
