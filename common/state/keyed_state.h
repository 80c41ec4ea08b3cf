#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/state/combining_state.h"
#include "common/state/descriptors.h"
#include "common/state/keyed_state_base.h"
#include "common/state/state_owner.h"

/// The keyed states of user functions. Each speaks of the key of the record at hand.
///
/// Declared as members (`ValueState<int> seen_{*this, "seen", 0}`), or made from a descriptor and
/// bound by the runtime context; a bound state may be copied freely, as a handle. They belong to
/// the subtask's thread. Errors: state::StateError when there is no key at hand (outside of a keyed
/// record or timer) or no backend (before open(), or on a stream that is not keyed).
namespace weir {

/// One value per key.
template <typename T>
class ValueState : public state::KeyedState<ValueStateDescriptor<T>>,
                   public state::Renamable<ValueState<T>> {
 public:
  /// Of no use until a state from the runtime context is assigned, in open().
  ValueState() : ValueState(ValueStateDescriptor<T>("")) {}
  explicit ValueState(ValueStateDescriptor<T> descriptor)
      : state::KeyedState<ValueStateDescriptor<T>>(std::move(descriptor)) {}
  ValueState(const StateOwner& owner, ValueStateDescriptor<T> descriptor)
      : state::KeyedState<ValueStateDescriptor<T>>(owner, std::move(descriptor)) {}
  ValueState(const StateOwner& owner, std::string name, T default_value = T())
      : ValueState(owner, ValueStateDescriptor<T>(std::move(name), std::move(default_value))) {}
  ValueState(const StateOwner& owner, std::string name, T default_value, const StateTtlConfig& ttl)
      : ValueState(owner,
                   ValueStateDescriptor<T>(std::move(name), std::move(default_value))
                       .enableTimeToLive(ttl)) {}

  /// The key's value, or the default. Valid until this state is next changed.
  const T& value() const {
    const T* value = this->cell();
    return value != nullptr ? *value : this->descriptor_.default_value;
  }
  void update(const T& value) { this->setCell(value); }
  void update(T&& value) { this->setCell(std::move(value)); }
  /// The key's value for changing it in place: made from the default where there is none, copied
  /// first where a snapshot under way shares it. Use it at once: it is valid until this state is
  /// next used and no longer than the record at hand, and what is written through it later may
  /// change a snapshot.
  T& edit() { return this->editCell(this->descriptor_.default_value); }
};

namespace state {

/// Walks over the elements that a list had when it was asked for them, once, whatever it would
/// answer later: an end is one for all lists.
template <typename T>
class ListIterator {
 public:
  using Base = typename std::vector<T>::const_iterator;
  using iterator_category = std::forward_iterator_tag;
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using reference = std::iter_reference_t<Base>;
  using pointer = const T*;

  ListIterator() = default;  ///< The end.
  explicit ListIterator(const std::vector<T>& elements)
      : at_(elements.begin()), end_(elements.end()) {}

  reference operator*() const { return *at_; }
  pointer operator->() const { return &*at_; }
  ListIterator& operator++() {
    ++at_;
    return *this;
  }
  ListIterator operator++(int) {
    ListIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const ListIterator& a, const ListIterator& b) {
    return a.isEnd() || b.isEnd() ? a.isEnd() == b.isEnd() : a.at_ == b.at_;
  }

 private:
  bool isEnd() const { return at_ == end_; }

  Base at_{};
  Base end_{};
};

}  // namespace state

/// A list per key.
template <typename T>
class ListState : public state::KeyedState<ListStateDescriptor<T>>,
                  public state::Renamable<ListState<T>> {
 public:
  /// Of no use until a state from the runtime context is assigned, in open().
  ListState() : ListState(ListStateDescriptor<T>("")) {}
  explicit ListState(ListStateDescriptor<T> descriptor)
      : state::KeyedState<ListStateDescriptor<T>>(std::move(descriptor)) {}
  ListState(const StateOwner& owner, ListStateDescriptor<T> descriptor)
      : state::KeyedState<ListStateDescriptor<T>>(owner, std::move(descriptor)) {}
  ListState(const StateOwner& owner, std::string name)
      : ListState(owner, ListStateDescriptor<T>(std::move(name))) {}
  ListState(const StateOwner& owner, std::string name, const StateTtlConfig& ttl)
      : ListState(owner, ListStateDescriptor<T>(std::move(name)).enableTimeToLive(ttl)) {}

  /// The key's elements in the order added. Valid until this state is next changed.
  const std::vector<T>& get() const {
    static const std::vector<T> kEmpty;
    const std::vector<T>* values = this->cell();
    return values != nullptr ? *values : kEmpty;
  }
  // The elements of get(), which begin() asks for them. Valid as they are.
  state::ListIterator<T> begin() const { return state::ListIterator<T>(get()); }
  state::ListIterator<T> end() const { return {}; }
  std::size_t size() const { return get().size(); }
  void add(T value) {
    if (this->expires()) [[unlikely]] {
      return this->expiring().add(*this->current_, std::move(value));
    }
    this->editCell().push_back(std::move(value));
  }
  /// Takes the oldest element out, if there is one. The others move up: meant for short lists.
  std::optional<T> popFront() {
    if (this->expires()) [[unlikely]] {
      return this->expiring().popFront(*this->current_);
    }
    if (size() == 0) {
      return std::nullopt;
    }
    std::vector<T>& values = this->editCell();
    std::optional<T> first(std::move(values.front()));
    values.erase(values.begin());
    if (values.empty()) {
      this->clear();
    }
    return first;
  }
  /// Replaces the list; an empty one is the same as clear().
  void update(std::vector<T> values) {
    if (values.empty()) {
      this->clear();
    } else {
      this->setCell(std::move(values));
    }
  }
};

/// A map per key.
template <typename K, typename V>
class MapState : public state::KeyedState<MapStateDescriptor<K, V>>,
                 public state::Renamable<MapState<K, V>> {
 public:
  using Map = typename MapStateDescriptor<K, V>::Cell;
  /// Of no use until a state from the runtime context is assigned, in open().
  MapState() : MapState(MapStateDescriptor<K, V>("")) {}
  explicit MapState(MapStateDescriptor<K, V> descriptor)
      : state::KeyedState<MapStateDescriptor<K, V>>(std::move(descriptor)) {}
  MapState(const StateOwner& owner, MapStateDescriptor<K, V> descriptor)
      : state::KeyedState<MapStateDescriptor<K, V>>(owner, std::move(descriptor)) {}
  MapState(const StateOwner& owner, std::string name)
      : MapState(owner, MapStateDescriptor<K, V>(std::move(name))) {}
  MapState(const StateOwner& owner, std::string name, const StateTtlConfig& ttl)
      : MapState(owner, MapStateDescriptor<K, V>(std::move(name)).enableTimeToLive(ttl)) {}

  std::optional<V> get(const K& key) const {
    if (this->expires()) [[unlikely]] {
      const V* value = this->expiring().get(*this->current_, key);
      return value != nullptr ? std::optional<V>(*value) : std::nullopt;
    }
    const Map& map = entries();
    const auto found = map.find(key);
    return found != map.end() ? std::optional<V>(found->second) : std::nullopt;
  }
  bool contains(const K& key) const {
    if (this->expires()) [[unlikely]] {
      return this->expiring().get(*this->current_, key) != nullptr;
    }
    return entries().contains(key);
  }
  void put(const K& key, V value) {
    if (this->expires()) [[unlikely]] {
      return this->expiring().put(*this->current_, key, std::move(value));
    }
    this->editCell().insert_or_assign(key, std::move(value));
  }
  void remove(const K& key) {
    if (this->expires()) [[unlikely]] {
      return this->expiring().remove(*this->current_, key);
    }
    if (contains(key)) {
      Map& map = this->editCell();
      map.erase(key);
      if (map.empty()) {
        this->clear();
      }
    }
  }
  /// Pairs of key and value, in no order. Valid until this state is next changed.
  const Map& entries() const {
    static const Map kEmpty;
    const Map* map = this->cell();
    return map != nullptr ? *map : kEmpty;
  }
  std::vector<K> keys() const {
    std::vector<K> all;
    for (const auto& [key, value] : entries()) {
      all.push_back(key);
    }
    return all;
  }
  bool isEmpty() const { return entries().empty(); }
};

}  // namespace weir
