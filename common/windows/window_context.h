#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>

#include "common/windows/bound_states.h"

namespace weir {

/// Keyed states by their descriptors, all of one key, or of one key and window. What a method
/// returns is a reference to a state, which may be copied: both are valid during the call of the
/// function that asked for it.
class KeyedStateStore {
 public:
  template <typename T>
  ValueState<T>& getState(const ValueStateDescriptor<T>& descriptor) {
    return states_.of(descriptor);
  }
  template <typename T>
  ListState<T>& getListState(const ListStateDescriptor<T>& descriptor) {
    return states_.of(descriptor);
  }
  template <typename T>
  ReducingState<T>& getReducingState(const ReducingStateDescriptor<T>& descriptor) {
    return states_.of(descriptor);
  }
  template <typename T, typename Acc>
  FoldingState<T, Acc>& getFoldingState(const FoldingStateDescriptor<T, Acc>& descriptor) {
    return states_.of(descriptor);
  }
  template <typename K, typename V>
  MapState<K, V>& getMapState(const MapStateDescriptor<K, V>& descriptor) {
    return states_.of(descriptor);
  }
  template <typename In, typename Acc, typename Out>
  AggregatingState<In, Acc, Out>& getAggregatingState(
      const AggregatingStateDescriptor<In, Acc, Out>& descriptor) {
    return states_.of(descriptor);
  }

  // For the operator: where its states are, and of which slot they speak.
  void setBackend(state::KeyedBackend* backend) { states_.setBackend(backend, &slot_); }
  void setSlot(state::Slot slot) { slot_ = slot; }

 private:
  windows::BoundStates states_;
  state::Slot slot_ = state::kNoSlot;
};

}  // namespace weir
