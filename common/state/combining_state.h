#pragma once

#include <memory>
#include <string>
#include <utility>

#include "common/state/descriptors.h"
#include "common/state/keyed_state_base.h"
#include "common/state/state_owner.h"

/// The keyed states that combine what is added to them (keyed_state.h has the rest).
namespace weir {

/// A value per key that each added one is combined into.
template <typename T>
class ReducingState : public state::KeyedState<ReducingStateDescriptor<T>>,
                      public state::Renamable<ReducingState<T>> {
 public:
  /// Of no use until a state from the runtime context is assigned, in open().
  ReducingState()
      : ReducingState(
            ReducingStateDescriptor<T>("", typename ReducingStateDescriptor<T>::Function())) {}
  explicit ReducingState(ReducingStateDescriptor<T> descriptor)
      : state::KeyedState<ReducingStateDescriptor<T>>(std::move(descriptor)) {}
  ReducingState(const StateOwner& owner, ReducingStateDescriptor<T> descriptor)
      : state::KeyedState<ReducingStateDescriptor<T>>(owner, std::move(descriptor)) {}
  template <typename F>
  ReducingState(const StateOwner& owner, std::string name, F reduce)
      : ReducingState(owner, ReducingStateDescriptor<T>(std::move(name), std::move(reduce))) {}
  template <typename F>
  ReducingState(const StateOwner& owner, std::string name, F reduce, const StateTtlConfig& ttl)
      : ReducingState(
            owner,
            ReducingStateDescriptor<T>(std::move(name), std::move(reduce)).enableTimeToLive(ttl)) {}

  bool empty() const { return this->cell() == nullptr; }
  /// All values added, combined; T() when there were none (see empty()).
  T get() const {
    const T* value = this->cell();
    return value != nullptr ? *value : T();
  }
  void add(const T& value) {
    const T* old = this->cell();
    this->setCell(old != nullptr ? this->descriptor_.function(*old, value) : value);
  }
};

/// An accumulator per key that values are folded into.
template <typename T, typename Acc>
class FoldingState : public state::KeyedState<FoldingStateDescriptor<T, Acc>>,
                     public state::Renamable<FoldingState<T, Acc>> {
 public:
  /// Of no use until a state from the runtime context is assigned, in open().
  FoldingState()
      : FoldingState(FoldingStateDescriptor<T, Acc>(
            "", Acc(), typename FoldingStateDescriptor<T, Acc>::Function())) {}
  explicit FoldingState(FoldingStateDescriptor<T, Acc> descriptor)
      : state::KeyedState<FoldingStateDescriptor<T, Acc>>(std::move(descriptor)) {}
  FoldingState(const StateOwner& owner, FoldingStateDescriptor<T, Acc> descriptor)
      : state::KeyedState<FoldingStateDescriptor<T, Acc>>(owner, std::move(descriptor)) {}
  template <typename F>
  FoldingState(const StateOwner& owner, std::string name, Acc initial, F fold)
      : FoldingState(
            owner,
            FoldingStateDescriptor<T, Acc>(std::move(name), std::move(initial), std::move(fold))) {}
  template <typename F>
  FoldingState(
      const StateOwner& owner, std::string name, Acc initial, F fold, const StateTtlConfig& ttl)
      : FoldingState(
            owner,
            FoldingStateDescriptor<T, Acc>(std::move(name), std::move(initial), std::move(fold))
                .enableTimeToLive(ttl)) {}

  bool empty() const { return this->cell() == nullptr; }
  /// The key's accumulator, or the initial value. Valid until this state is next changed.
  const Acc& get() const {
    const Acc* value = this->cell();
    return value != nullptr ? *value : this->descriptor_.initial;
  }
  void add(const T& value) { this->setCell(this->descriptor_.function(get(), value)); }
};

/// An accumulator per key, read through AggregateFunction::getResult.
template <typename In, typename Acc, typename Out>
class AggregatingState : public state::KeyedState<AggregatingStateDescriptor<In, Acc, Out>>,
                         public state::Renamable<AggregatingState<In, Acc, Out>> {
  using Base = state::KeyedState<AggregatingStateDescriptor<In, Acc, Out>>;

 public:
  /// Of no use until a state from the runtime context is assigned, in open().
  AggregatingState()
      : AggregatingState(AggregatingStateDescriptor<In, Acc, Out>("", Unassigned{})) {}
  explicit AggregatingState(AggregatingStateDescriptor<In, Acc, Out> descriptor)
      : Base(std::move(descriptor)), function_(this->descriptor_.copy()) {}
  AggregatingState(const StateOwner& owner, AggregatingStateDescriptor<In, Acc, Out> descriptor)
      : Base(owner, std::move(descriptor)), function_(this->descriptor_.copy()) {}
  template <typename F>
  AggregatingState(const StateOwner& owner, std::string name, F aggregate)
      : AggregatingState(
            owner,
            AggregatingStateDescriptor<In, Acc, Out>(std::move(name), std::move(aggregate))) {}
  template <typename F>
  AggregatingState(const StateOwner& owner,
                   std::string name,
                   F aggregate,
                   const StateTtlConfig& ttl)
      : AggregatingState(
            owner,
            AggregatingStateDescriptor<In, Acc, Out>(std::move(name), std::move(aggregate))
                .enableTimeToLive(ttl)) {}
  AggregatingState(const AggregatingState& other)
      : Base(other), function_(this->descriptor_.copy()) {}
  AggregatingState(AggregatingState&& other)  // NOLINT: a copy may throw.
      : Base(std::move(other)), function_(this->descriptor_.copy()) {}
  AggregatingState& operator=(const AggregatingState&) = default;

  bool empty() const { return this->cell() == nullptr; }
  /// The result of all values added; of a fresh accumulator when there were none.
  Out get() const {
    const Acc* accumulator = this->cell();
    return function_->getResult(accumulator != nullptr ? *accumulator
                                                       : function_->createAccumulator());
  }
  void add(const In& value) {
    if (this->cell() == nullptr) {
      this->setCell(function_->createAccumulator());
    }
    function_->add(value, this->editCell(function_->createAccumulator()));
  }

 private:
  struct Unassigned : AggregateFunction<In, Acc, Out> {
    Acc createAccumulator() override { state::throwNoKey("", false); }
    void add(const In& /*value*/, Acc& /*accumulator*/) override { state::throwNoKey("", false); }
    Out getResult(const Acc& /*accumulator*/) override { state::throwNoKey("", false); }
    Acc merge(const Acc& /*a*/, const Acc& /*b*/) override { state::throwNoKey("", false); }
  };

  std::shared_ptr<AggregateFunction<In, Acc, Out>> function_;  // Shared with nobody but handles.
};

}  // namespace weir
