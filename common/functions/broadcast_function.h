#pragma once

#include <cstdint>

#include "common/functions/broadcast_state.h"
#include "common/functions/process_function.h"

/// Functions of a stream and a broadcast one: what the latter says is known to all subtasks.
namespace weir {

/// The context of a record of the other stream: broadcast state may be read.
class ReadOnlyBroadcastContext : public ProcessContext {
 public:
  using ProcessContext::ProcessContext;
  template <typename K, typename V>
  const ReadOnlyBroadcastState<K, V>& getBroadcastState(
      const MapStateDescriptor<K, V>& descriptor) const {
    return scope().broadcast->of(descriptor);
  }
};

/// The context of a record of the broadcast stream. There is no key at hand.
class BroadcastContext : public ProcessContext {
 public:
  using ProcessContext::ProcessContext;
  template <typename K, typename V>
  BroadcastState<K, V>& getBroadcastState(const MapStateDescriptor<K, V>& descriptor) {
    return scope().broadcast->of(descriptor);
  }
};

/// The context of a record with a key.
template <typename K>
class KeyedReadOnlyContext : public ReadOnlyBroadcastContext {
 public:
  KeyedReadOnlyContext(const functions::Scope& scope, const state::KeyedBackendOf<K>& backend)
      : ReadOnlyBroadcastContext(scope), backend_(backend) {}
  const K& getCurrentKey() const { return backend_.currentKey(); }

 private:
  const state::KeyedBackendOf<K>& backend_;  // The operator's.
};

/// The context of a timer; broadcast state may be read.
template <typename K>
class KeyedBroadcastOnTimerContext : public KeyedOnTimerContext<K> {
 public:
  using KeyedOnTimerContext<K>::KeyedOnTimerContext;
  template <typename MapK, typename V>
  const ReadOnlyBroadcastState<MapK, V>& getBroadcastState(
      const MapStateDescriptor<MapK, V>& descriptor) const {
    return this->scope().broadcast->of(descriptor);
  }
};

/// Handles the records of a stream without key (In1) by what a broadcast stream (In2) has said.
template <typename In1, typename In2, typename Out>
class BroadcastProcessFunction : public RichFunction {
 public:
  using Context = BroadcastContext;
  using ReadOnlyContext = ReadOnlyBroadcastContext;
  virtual void processElement(const In1& value, ReadOnlyContext& context, Collector<Out>& out) = 0;
  /// Called on every subtask, with the same records, and must do the same on each.
  virtual void processBroadcastElement(const In2& value, Context& context, Collector<Out>& out) = 0;
};

/// The same on a stream that is keyed by K, with keyed state and timers.
template <typename K, typename In1, typename In2, typename Out>
class KeyedBroadcastProcessFunction : public RichFunction {
 public:
  using WeirTimedBase = KeyedBroadcastProcessFunction;
  static constexpr bool kWeirAsksForKey = true;
  using Context = BroadcastContext;
  using ReadOnlyContext = KeyedReadOnlyContext<K>;
  using OnTimerContext = KeyedBroadcastOnTimerContext<K>;
  virtual void processElement(const In1& value, ReadOnlyContext& context, Collector<Out>& out) = 0;
  /// Called on every subtask, with the same records, and must do the same on each. No key is at
  /// hand: there are neither keyed state nor timers.
  virtual void processBroadcastElement(const In2& value, Context& context, Collector<Out>& out) = 0;
  virtual void onTimer(std::int64_t /*time*/,
                       OnTimerContext& /*context*/,
                       Collector<Out>& /*out*/) {}
};

}  // namespace weir
