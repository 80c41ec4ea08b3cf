#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "common/state/keyed_backend_of.h"
#include "common/windows/assigner.h"
#include "common/windows/trigger.h"

namespace weir::windows {

/// A clock that stands still.
class FakeClock final : public WindowAssignerContext {
 public:
  explicit FakeClock(std::int64_t now) : now_(now) {}
  std::int64_t getCurrentProcessingTime() const override { return now_; }

 private:
  std::int64_t now_;
};

/// The context of one key's windows, with timers in a set and state on the heap.
class FakeTriggerContext final : public TriggerContext {
 public:
  FakeTriggerContext() : TriggerContext(states_), backend_(128) {
    states_.setBackend(&backend_);
    use(0);
  }

  /// Makes the window number `window` the one at hand.
  void use(std::int64_t window) {
    window_ = window;
    backend_.setCurrent(backend_.slotOf(window));
  }
  /// Windows are merged into the one at hand.
  void beginMerge(const std::vector<std::int64_t>& merged) {
    slots_.clear();
    for (const std::int64_t one : merged) {
      slots_.push_back(backend_.slotOf(one));
    }
    states_.beginMerge(slots_, backend_.current());
  }
  void endMerge() { states_.endMerge(); }

  std::int64_t getCurrentWatermark() const override { return watermark; }
  std::int64_t getCurrentProcessingTime() const override { return now; }
  void registerEventTimeTimer(std::int64_t time) override { event_timers[window_].insert(time); }
  void registerProcessingTimeTimer(std::int64_t time) override {
    clock_timers[window_].insert(time);
  }
  void deleteEventTimeTimer(std::int64_t time) override { event_timers[window_].erase(time); }
  void deleteProcessingTimeTimer(std::int64_t time) override { clock_timers[window_].erase(time); }

  /// Cells that hold something, of all states.
  std::uint64_t stateCount() const {
    std::uint64_t count = 0;
    for (const auto& column : backend_.columns()) {
      count += column->count();
    }
    return count;
  }

  std::int64_t watermark = std::numeric_limits<std::int64_t>::min();
  std::int64_t now = 0;
  std::map<std::int64_t, std::set<std::int64_t>> event_timers;  // By window.
  std::map<std::int64_t, std::set<std::int64_t>> clock_timers;

 private:
  BoundStates states_;
  state::KeyedBackendOf<std::int64_t> backend_;
  std::vector<state::Slot> slots_;
  std::int64_t window_ = 0;
};

}  // namespace weir::windows
