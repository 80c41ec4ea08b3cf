#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

#include "common/functions/side_outputs.h"
#include "common/functions/timer_service.h"

namespace weir {

namespace functions {
class BroadcastStates;
/// What the contexts of functions speak of. Of an operator, which outlives it; keys apart.
struct Scope {
  const std::int64_t* timestamp = nullptr;  ///< Of the record at hand, or kNoTimestamp.
  TimerService* timers = nullptr;
  SideOutputs* sides = nullptr;
  BroadcastStates* broadcast = nullptr;  ///< Where there is any.
};
}  // namespace functions

/// What a process function may ask about the record that it was given. Valid during its call.
class ProcessContext {
 public:
  explicit ProcessContext(const functions::Scope& scope) : scope_(scope) {}

  /// The record's timestamp (milliseconds since the epoch), if it has one; in onTimer() the
  /// timer's.
  std::optional<std::int64_t> timestamp() const {
    return *scope_.timestamp == kNoTimestamp ? std::nullopt : std::optional(*scope_.timestamp);
  }
  /// Times, and the timers of the record's key.
  TimerService& timerService() { return *scope_.timers; }
  /// Emits a record to the stream that getSideOutput(tag) gives, with timestamp().
  template <typename T, typename V>
  void output(const OutputTag<T>& tag, V&& value) {
    constexpr bool kFits = std::is_convertible_v<V&&, T>;
    static_assert(kFits, "output() takes a value of the type of its tag");
    if constexpr (kFits) {
      scope_.sides->collect(tag, static_cast<T>(std::forward<V>(value)), *scope_.timestamp);
    }
  }

 protected:
  const functions::Scope& scope() const { return scope_; }

 private:
  const functions::Scope scope_;
};

/// The same in onTimer().
class OnTimerContext : public ProcessContext {
 public:
  OnTimerContext(const functions::Scope& scope, TimeDomain domain)
      : ProcessContext(scope), domain_(domain) {}
  /// What the timer goes by.
  TimeDomain timeDomain() const { return domain_; }

 private:
  TimeDomain domain_;
};

}  // namespace weir
