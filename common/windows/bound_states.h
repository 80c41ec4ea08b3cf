#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/state/keyed_state.h"

/// Keyed states that are asked for by their descriptors while records run.
namespace weir::windows {

template <typename Descriptor>
struct StateOf;
template <typename T>
struct StateOf<ValueStateDescriptor<T>> {
  using Type = ValueState<T>;
};
template <typename T>
struct StateOf<ListStateDescriptor<T>> {
  using Type = ListState<T>;
};
template <typename T>
struct StateOf<ReducingStateDescriptor<T>> {
  using Type = ReducingState<T>;
};
template <typename T, typename Acc>
struct StateOf<FoldingStateDescriptor<T, Acc>> {
  using Type = FoldingState<T, Acc>;
};
template <typename In, typename Acc, typename Out>
struct StateOf<AggregatingStateDescriptor<In, Acc, Out>> {
  using Type = AggregatingState<In, Acc, Out>;
};
template <typename K, typename V>
struct StateOf<MapStateDescriptor<K, V>> {
  using Type = MapState<K, V>;
};

/// Its address tells a type from others within a process.
template <typename T>
inline constexpr char kTypeMark = 0;

/// The states that were asked for so far, each bound when it was asked for first. They speak of the
/// key at hand, or of the slot that this was told. Task's thread.
class BoundStates {
 public:
  BoundStates();
  ~BoundStates();
  BoundStates(const BoundStates&) = delete;
  BoundStates& operator=(const BoundStates&) = delete;

  /// `backend` and `slot` (null: the backend's current one) outlive this.
  void setBackend(state::KeyedBackend* backend, const state::Slot* slot = nullptr) {
    backend_ = backend;
    slot_ = slot;
  }

  /// Throws std::runtime_error when the name is taken by another type here, or when a restored
  /// state does not fit. The state stays where it is.
  template <typename Descriptor>
  typename StateOf<Descriptor>::Type& of(const Descriptor& descriptor) {
    using State = typename StateOf<Descriptor>::Type;
    for (const auto& one : states_) {
      if (one->type == &kTypeMark<Descriptor> && one->name == descriptor.name) {
        return static_cast<Holder<State>&>(*one).state;
      }
    }
    auto added = std::make_unique<Holder<State>>(descriptor);
    added->type = &kTypeMark<Descriptor>;
    added->name = descriptor.name;
    bind(added->state);
    State& state = added->state;
    if (slot_ != nullptr) {
      state.speakOf(*slot_);
    }
    states_.push_back(std::move(added));
    return state;
  }

  // For triggers whose windows are merged: `merged` become the window of slot `into`.
  void beginMerge(const std::vector<state::Slot>& merged, state::Slot into) {
    merged_ = &merged;
    into_ = into;
  }
  void endMerge() { merged_ = nullptr; }
  /// Moves what the merged windows have in this state into the window that they became.
  template <typename Descriptor>
  void merge(const Descriptor& descriptor) {
    auto& state = of(descriptor);
    if (merged_ == nullptr) {
      throw std::logic_error("mergePartitionedState() is for onMerge() alone");
    }
    for (const state::Slot slot : *merged_) {
      if (slot != into_) {
        mergeOne(state, slot);
      }
    }
    backend_->setCurrent(into_);
  }

 private:
  struct AnyHolder {
    virtual ~AnyHolder() = default;
    const char* type = nullptr;
    std::string name;
  };
  template <typename State>
  struct Holder final : AnyHolder {
    template <typename Descriptor>
    explicit Holder(const Descriptor& descriptor) : state(descriptor) {}
    State state;
  };

  void bind(state::DeclaredState& state) const {
    if (backend_ == nullptr) {
      state::throwNoKey(state.info().name, false);
    }
    if (const Status bound = state.bind(*backend_); !bound) {
      throw std::runtime_error(bound.error().text());
    }
  }

  template <typename T>
  void mergeOne(ReducingState<T>& state, state::Slot from) {
    backend_->setCurrent(from);
    if (!state.empty()) {
      const T value = state.get();
      state.clear();
      backend_->setCurrent(into_);
      state.add(value);
    }
  }
  template <typename T>
  void mergeOne(ListState<T>& state, state::Slot from) {
    backend_->setCurrent(from);
    std::vector<T> values(state.begin(), state.end());
    if (!values.empty()) {
      state.clear();
      backend_->setCurrent(into_);
      for (T& value : values) {
        state.add(std::move(value));
      }
    }
  }

  state::KeyedBackend* backend_ = nullptr;
  const state::Slot* slot_ = nullptr;
  std::vector<std::unique_ptr<AnyHolder>> states_;
  const std::vector<state::Slot>* merged_ = nullptr;
  state::Slot into_ = state::kNoSlot;
};

}  // namespace weir::windows
