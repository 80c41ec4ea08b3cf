#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/record/key_hash.h"
#include "common/schema/state_kinds.h"
#include "common/state/ttl_config.h"

namespace weir {

/// Adds inputs to an accumulator and turns it into a result. Copied with the function that uses it;
/// every call comes from the subtask's thread.
template <typename In, typename Acc, typename Out>
class AggregateFunction {
 public:
  virtual ~AggregateFunction() = default;
  virtual Acc createAccumulator() = 0;
  virtual void add(const In& value, Acc& accumulator) = 0;
  virtual Out getResult(const Acc& accumulator) = 0;
  virtual Acc merge(const Acc& a, const Acc& b) = 0;
};

namespace state {

class KeyedBackend;
template <typename Descriptor>
class TtlCells;
template <typename Descriptor>
struct TtlSupportOf;

/// What a time to live adds to a descriptor: the schema of its cells, and how they are found.
template <typename Descriptor>
struct TtlSupport {
  record::Schema (*schema)();
  Result<TtlCells<Descriptor>*> (*bind)(KeyedBackend&, const Descriptor&);
};

/// What descriptors hold, whatever their states do.
struct Described {
  explicit Described(std::string state_name);
  Described(const Described& other);
  Described(Described&& other) noexcept;
  Described& operator=(const Described& other);
  Described& operator=(Described&& other) noexcept;
  ~Described();

  StateInfo info(StateKind kind, record::Schema schema) const;

  std::string name;
  std::vector<std::string> former_names;
  StateTtlConfig ttl;
};

/// What `Descriptor` has in common with all descriptors.
template <typename Descriptor>
struct Named : Described {
  using Described::Described;
  /// The state was called `former` before: a restore takes what a snapshot has under that name,
  /// unless that has a state of the new name. May be called once for each former name.
  Descriptor& renamedFrom(std::string former) & {
    former_names.push_back(std::move(former));
    return static_cast<Descriptor&>(*this);
  }
  Descriptor&& renamedFrom(std::string former) && {
    return std::move(renamedFrom(std::move(former)));
  }
  /// Entries live as long as `config` says. Where a snapshot has the state without a time to live,
  /// its entries count as accessed when they are restored; the other way round they stay for ever.
  Descriptor& enableTimeToLive(const StateTtlConfig& config) & {
    ttl = config;
    ttl_support = config.isEnabled() ? &TtlSupportOf<Descriptor>::kAll : nullptr;
    return static_cast<Descriptor&>(*this);
  }
  Descriptor&& enableTimeToLive(const StateTtlConfig& config) && {
    return std::move(enableTimeToLive(config));
  }

  const TtlSupport<Descriptor>* ttl_support = nullptr;  ///< Null: entries live for ever.
};

}  // namespace state

/// Descriptors say what a keyed state is called and holds. Plain values; `Cell` is what one key
/// holds, and what snapshots store per key.
template <typename T>
struct ValueStateDescriptor : state::Named<ValueStateDescriptor<T>> {
  using Cell = T;
  static constexpr state::StateKind kKind = state::StateKind::kValue;
  explicit ValueStateDescriptor(std::string state_name, T value = T())
      : state::Named<ValueStateDescriptor>(std::move(state_name)),
        default_value(std::move(value)) {}
  T default_value;  ///< value() of a key that has none.
};

template <typename T>
struct ListStateDescriptor : state::Named<ListStateDescriptor<T>> {
  using Cell = std::vector<T>;
  static constexpr state::StateKind kKind = state::StateKind::kList;
  explicit ListStateDescriptor(std::string state_name)
      : state::Named<ListStateDescriptor>(std::move(state_name)) {}
};

template <typename T>
struct ReducingStateDescriptor : state::Named<ReducingStateDescriptor<T>> {
  using Cell = T;
  using Function = std::function<T(const T&, const T&)>;
  static constexpr state::StateKind kKind = state::StateKind::kReducing;

  /// `reduce` is a callable T(const T&, const T&), or a ReduceFunction.
  template <typename F>
  ReducingStateDescriptor(std::string state_name, F reduce)
      : state::Named<ReducingStateDescriptor>(std::move(state_name)) {
    if constexpr (requires(F& f, const T& t) { f.reduce(t, t); }) {
      function = [reduce = std::move(reduce)](const T& a, const T& b) mutable {
        return reduce.reduce(a, b);
      };
    } else {
      function = std::move(reduce);
    }
  }
  Function function;
};

template <typename T, typename Acc>
struct FoldingStateDescriptor : state::Named<FoldingStateDescriptor<T, Acc>> {
  using Cell = Acc;
  using Function = std::function<Acc(const Acc&, const T&)>;
  static constexpr state::StateKind kKind = state::StateKind::kFolding;

  /// `fold` is a callable Acc(const Acc&, const T&), or a FoldFunction.
  template <typename F>
  FoldingStateDescriptor(std::string state_name, Acc initial_value, F fold)
      : state::Named<FoldingStateDescriptor>(std::move(state_name)),
        initial(std::move(initial_value)) {
    if constexpr (requires(F& f, const Acc& acc, const T& t) { f.fold(acc, t); }) {
      function = [fold = std::move(fold)](const Acc& acc, const T& t) mutable {
        return fold.fold(acc, t);
      };
    } else {
      function = std::move(fold);
    }
  }
  Acc initial;
  Function function;
};

template <typename In, typename Acc, typename Out>
struct AggregatingStateDescriptor : state::Named<AggregatingStateDescriptor<In, Acc, Out>> {
  using Cell = Acc;
  using Function = AggregateFunction<In, Acc, Out>;
  static constexpr state::StateKind kKind = state::StateKind::kAggregating;

  /// `aggregate` is a class derived from AggregateFunction<In, Acc, Out>.
  template <typename F>
  AggregatingStateDescriptor(std::string state_name, F aggregate)
      : state::Named<AggregatingStateDescriptor>(std::move(state_name)),
        copy([aggregate = std::move(aggregate)] { return std::make_shared<F>(aggregate); }) {}
  std::function<std::shared_ptr<Function>()> copy;  ///< A fresh function for one state object.
};

template <typename K, typename V>
struct MapStateDescriptor : state::Named<MapStateDescriptor<K, V>> {
  using Cell = std::unordered_map<K, V, KeyHasher, KeyEqual>;
  static constexpr state::StateKind kKind = state::StateKind::kMap;
  explicit MapStateDescriptor(std::string state_name)
      : state::Named<MapStateDescriptor>(std::move(state_name)) {}
};

namespace state {
/// The schema of what a descriptor's state holds per key.
template <typename Descriptor>
StateInfo infoOf(const Descriptor& descriptor) {
  return descriptor.info(Descriptor::kKind,
                         descriptor.ttl_support != nullptr
                             ? descriptor.ttl_support->schema()
                             : record::schemaOf<typename Descriptor::Cell>());
}
}  // namespace state

}  // namespace weir
