#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/functions/callable.h"
#include "common/state/keyed_state.h"
#include "common/windows/evictor.h"
#include "common/windows/iterable.h"

/// What a window holds until it fires: one value that its elements are combined into, or all of
/// them.
///
/// Each of these says what its state is (Descriptor), what the window's function gets (Element),
/// how a record is added to the cell of a state, and how the cells of windows that merge become
/// one.
namespace weir::windows {

/// The state of a window's contents, or of what else an operator keeps for it.
template <typename T, state::StateKind kKindOf>
struct CellDescriptor : state::Named<CellDescriptor<T, kKindOf>> {
  using Cell = T;
  static constexpr state::StateKind kKind = kKindOf;
  explicit CellDescriptor(std::string name) : state::Named<CellDescriptor>(std::move(name)) {}
};

/// A keyed state whose cell can be told from its absence.
template <typename Descriptor>
class CellState : public state::KeyedState<Descriptor> {
 public:
  using Cell = typename Descriptor::Cell;
  CellState(const StateOwner& owner, std::string name)
      : state::KeyedState<Descriptor>(owner, Descriptor(std::move(name))) {}
  const Cell* find() const { return this->cell(); }
  template <typename U>
  void set(U&& value) {
    this->setCell(std::forward<U>(value));
  }
  template <typename... A>
  Cell& edit(A&&... initial) {
    return this->editCell(std::forward<A>(initial)...);
  }
};

/// Becomes what `make` gives where that is asked for.
template <typename T, typename Make>
struct Lazily {
  Make& make;
  operator T() const { return make(); }  // NOLINT: converts on purpose.
};

template <typename T, typename F>
class ReducedContents {
 public:
  using Element = T;
  using Descriptor = CellDescriptor<T, state::StateKind::kReducing>;
  static constexpr bool kMerges = true;
  explicit ReducedContents(F f) : f_(std::move(f)) {}

  template <typename State>
  void add(State& state, const T& value, std::int64_t /*timestamp*/) {
    const T* before = state.find();
    if (before == nullptr) {
      state.set(value);
    } else {
      state.set(functions::callReduce(f_, *before, value));
    }
  }
  template <typename State>
  void merge(State& state, const T& other) {
    add(state, other, 0);
  }
  template <typename State, typename W, typename Use>
  void use(State& state, const W& /*window*/, Use use) {
    Iterable<T> all(state.find());
    use(all);
  }
  /// What it makes of elements that are kept one by one.
  template <typename Use>
  void useOf(const std::vector<Timestamped<T>>& elements, Use use) {
    if (elements.empty()) {
      return;
    }
    T total = elements.front().value;
    for (std::size_t i = 1; i < elements.size(); ++i) {
      total = functions::callReduce(f_, total, elements[i].value);
    }
    Iterable<T> all(&total);
    use(all);
  }

 private:
  F f_;
};

template <typename In, typename Acc, typename F>
class FoldedContents {
 public:
  using Element = Acc;
  using Descriptor = CellDescriptor<Acc, state::StateKind::kFolding>;
  static constexpr bool kMerges = false;
  FoldedContents(Acc initial, F f) : initial_(std::move(initial)), f_(std::move(f)) {}

  template <typename State>
  void add(State& state, const In& value, std::int64_t /*timestamp*/) {
    const Acc* before = state.find();
    state.set(functions::callFold(f_, before == nullptr ? initial_ : *before, value));
  }
  template <typename State, typename W, typename Use>
  void use(State& state, const W& /*window*/, Use use) {
    Iterable<Acc> all(state.find());
    use(all);
  }
  template <typename Use>
  void useOf(const std::vector<Timestamped<In>>& elements, Use use) {
    Acc total = initial_;
    for (const auto& one : elements) {
      total = functions::callFold(f_, std::as_const(total), one.value);
    }
    Iterable<Acc> all(&total);
    use(all);
  }

 private:
  Acc initial_;
  F f_;
};

template <typename In, typename Acc, typename Out, typename F>
class AggregatedContents {
 public:
  using Element = Out;
  using Accumulator = Acc;
  using Descriptor = CellDescriptor<Acc, state::StateKind::kAggregating>;
  static constexpr bool kMerges = true;
  explicit AggregatedContents(F f) : f_(std::move(f)) {}

  template <typename State>
  void add(State& state, const In& value, std::int64_t /*timestamp*/) {
    auto make = [this] { return create(); };
    addTo(state.edit(Lazily<Acc, decltype(make)>{make}), value);
  }
  template <typename State>
  void merge(State& state, const Acc& other) {
    const Acc* own = state.find();
    if (own == nullptr) {
      state.set(other);
    } else {
      state.set(merged(*own, other));
    }
  }
  template <typename State, typename W, typename Use>
  void use(State& state, const W& /*window*/, Use use) {
    useAccumulator(*state.find(), use);
  }
  template <typename Use>
  void useOf(const std::vector<Timestamped<In>>& elements, Use use) {
    Acc total = create();
    for (const auto& one : elements) {
      addTo(total, one.value);
    }
    useAccumulator(total, use);
  }

  // For panes.
  template <typename Use>
  void useAccumulator(const Acc& accumulator, Use use) {
    const Out result = base().getResult(accumulator);
    Iterable<Out> all(&result);
    use(all);
  }
  Acc create() { return base().createAccumulator(); }
  Acc merged(const Acc& a, const Acc& b) { return base().merge(a, b); }
  void addTo(Acc& accumulator, const In& value) {
    if constexpr (requires { f_.F::add(value, accumulator); }) {
      f_.F::add(value, accumulator);
    } else {
      base().add(value, accumulator);
    }
  }

 private:
  AggregateFunction<In, Acc, Out>& base() { return f_; }

  F f_;
};

/// What a list keeps of a T: std::vector<bool> has no elements to point to.
template <typename T>
using Kept = std::conditional_t<std::is_same_v<T, bool>, Timestamped<bool>, T>;

/// All elements, in the order they came.
template <typename T>
class ListedContents {
 public:
  using Element = T;
  using Descriptor = CellDescriptor<std::vector<Kept<T>>, state::StateKind::kList>;
  static constexpr bool kMerges = true;

  template <typename State>
  void add(State& state, const T& value, std::int64_t timestamp) {
    if constexpr (std::is_same_v<T, bool>) {
      state.edit().push_back({value, timestamp});
    } else {
      state.edit().push_back(value);
    }
  }
  template <typename State>
  void merge(State& state, const std::vector<Kept<T>>& other) {
    auto& all = state.edit();
    all.insert(all.end(), other.begin(), other.end());
  }
  template <typename State, typename W, typename Use>
  void use(State& state, const W& /*window*/, Use use) {
    const auto& kept = *state.find();
    if constexpr (std::is_same_v<T, bool>) {
      Iterable<T> all(&kept.data()->value, kept.size(), sizeof(kept.front()));
      use(all);
    } else {
      Iterable<T> all(kept.data(), kept.size());
      use(all);
    }
  }
  template <typename Use>
  void useOf(const std::vector<Timestamped<T>>& elements, Use use) {
    const T* first = elements.empty() ? nullptr : &elements.front().value;
    Iterable<T> all(first, elements.size(), sizeof(Timestamped<T>));
    use(all);
  }
};

/// All elements with their timestamps, for an evictor; `Inner` says what the window's function gets
/// of those that are left.
template <typename T, typename E, typename Inner>
class EvictedContents {
 public:
  using Element = typename Inner::Element;
  using Descriptor = CellDescriptor<std::vector<Timestamped<T>>, state::StateKind::kList>;
  static constexpr bool kMerges = Inner::kMerges;
  EvictedContents(E evictor, Inner inner)
      : evictor_(std::move(evictor)), inner_(std::move(inner)) {}

  template <typename State>
  void add(State& state, const T& value, std::int64_t timestamp) {
    state.edit().push_back({value, timestamp});
  }
  template <typename State>
  void merge(State& state, const std::vector<Timestamped<T>>& other) {
    auto& all = state.edit();
    all.insert(all.end(), other.begin(), other.end());
  }
  template <typename State, typename W, typename Use>
  void use(State& state, const W& window, Use use) {
    std::vector<Timestamped<T>> elements = *state.find();
    evictor_.evictBefore(elements, window);
    inner_.useOf(elements, use);
    evictor_.evictAfter(elements, window);
    if (elements.empty()) {
      state.clear();
    } else {
      state.set(std::move(elements));
    }
  }

 private:
  E evictor_;
  Inner inner_;
};

}  // namespace weir::windows
