#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "common/functions/callable.h"
#include "common/functions/rich_function.h"
#include "common/state/keyed_state.h"

/// What KeyedStream's reduce, fold, sum, min and max are made of: functions that keep one value per
/// key and emit it after every record.
namespace weir::functions {

namespace keyed_internal {
template <typename F, typename Initial, typename T>
auto foldResult() {
  if constexpr (Implements<F, FoldFunction>) {
    return std::type_identity<ArgumentOf<F, FoldFunction, 1>>{};
  } else if constexpr (std::is_same_v<Initial, const char*>) {
    return std::type_identity<std::string>{};
  } else if constexpr (std::is_arithmetic_v<Initial>) {
    if constexpr (requires(F& f, const Initial& from, const T& value) {
                    requires std::is_arithmetic_v<std::decay_t<decltype(f(from, value))>>;
                  }) {
      using Result = std::decay_t<std::invoke_result_t<F&, const Initial&, const T&>>;
      return std::type_identity<std::common_type_t<Initial, Result>>{};
    } else {
      return std::type_identity<Initial>{};
    }
  } else {
    return std::type_identity<Initial>{};
  }
}
}  // namespace keyed_internal
/// What a fold from an Initial has: the FoldFunction's Acc; for a callable the type of the initial
/// value, but std::string for a literal and the wider of two numbers, so that nothing is cut off.
template <typename F, typename Initial, typename T>
using FoldResult = typename decltype(keyed_internal::foldResult<F, Initial, T>())::type;

/// A value per key that tells absence from the default.
template <typename T>
class RollingState : public state::KeyedState<ValueStateDescriptor<T>> {
 public:
  RollingState(const StateOwner& owner, std::string name)
      : state::KeyedState<ValueStateDescriptor<T>>(owner,
                                                   ValueStateDescriptor<T>(std::move(name))) {}
  const T* find() const { return this->cell(); }
  void set(const T& value) { this->setCell(value); }
};

/// A function around a user's function, which may be a rich one: passes its life on.
template <typename F>
class WrappingFunction : public RichFunction {
 public:
  using WeirWraps = F;

  explicit WrappingFunction(F function) : function_(std::move(function)) {}

  void open(RuntimeContext& context) override {
    if constexpr (std::is_base_of_v<StateOwner, F>) {
      context.bindStates(function_);
    }
    if constexpr (std::is_base_of_v<RichFunction, F>) {
      static_cast<RichFunction&>(function_).open(context);
    }
  }
  void endInput() override {
    if constexpr (std::is_base_of_v<RichFunction, F>) {
      static_cast<RichFunction&>(function_).endInput();
    }
  }
  void close() override {
    if constexpr (std::is_base_of_v<RichFunction, F>) {
      static_cast<RichFunction&>(function_).close();
    }
  }
  /// The user's function, for its declarations and its part in checkpoints.
  const F& wrapped() const { return function_; }
  F& wrapped() { return function_; }

 protected:
  F function_;
};

template <typename T, typename F>
class RollingReduce final : public WrappingFunction<F>, public MapFunction<T, T> {
 public:
  RollingReduce(F reduce, const std::string& name)
      : WrappingFunction<F>(std::move(reduce)), value_(*this, name) {}

  T map(const T& value) override {
    const T* before = value_.find();
    if (before == nullptr) {
      value_.set(value);
      return value;
    }
    T after = callReduce(this->function_, *before, value);
    value_.set(after);
    return after;
  }

 private:
  RollingState<T> value_;
};

template <typename T, typename Acc, typename F>
class RollingFold final : public WrappingFunction<F>, public MapFunction<T, Acc> {
 public:
  RollingFold(Acc initial, F fold)
      : WrappingFunction<F>(std::move(fold)), initial_(std::move(initial)) {}

  Acc map(const T& value) override {
    const Acc* before = value_.find();
    Acc after = callFold(this->function_, before == nullptr ? initial_ : *before, value);
    value_.set(after);
    return after;
  }

 private:
  Acc initial_;
  RollingState<Acc> value_{*this, "fold"};
};

}  // namespace weir::functions
