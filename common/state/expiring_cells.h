#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "common/state/expiring.h"
#include "common/state/expiry.h"
#include "common/state/frozen_expiring.h"
#include "common/state/keyed_backend.h"
#include "common/state/ttl_cells.h"

namespace weir::state {

/// The cells of a state whose entries expire, and what drops these in the background: the same for
/// all kinds of state.
template <typename Descriptor>
class ExpiringCellsBase : public TtlCells<Descriptor>, public Expiry {
 public:
  using Rule = TtlRule<Descriptor>;
  using Held = ExpiringCell<Descriptor>;
  using Cell = typename Descriptor::Cell;

  ExpiringCellsBase(KeyedBackend& backend, Column<Held>& column, StateTtlConfig config)
      : Expiry(std::move(config)), backend_(backend), column_(column) {}

  const Cell* read(Slot slot) override {
    const Held* held = begin(slot);
    if (held == nullptr) {
      return nullptr;
    }
    const Horizon at = horizonOfUse();
    if (!Rule::isSettled(held->value, held->times, at)) {
      if (showsExpired()) {
        shown_.emplace(held->value);
        settleAt(slot, at);
        return &*shown_;
      }
      if (!settleAt(slot, at)) {
        return nullptr;
      }
    }
    if (updatesOnRead()) {
      Held& own = column_.edit(slot, *column_.get(slot));
      Rule::touch(own.value, own.times, at.now);
    }
    return &column_.get(slot)->value;
  }
  void write(Slot slot, Cell value) override {
    begin(slot);
    auto times = Rule::none();
    Rule::touch(value, times, backend_.timeOfUse());
    column_.set(slot, Held(std::move(value), std::move(times)));
  }
  Cell& edit(Slot slot, Cell initial) override {
    const Cell* seen = read(slot);
    if (seen == nullptr || column_.get(slot) == nullptr) {
      write(slot, seen == nullptr ? std::move(initial) : *seen);
    }
    Held& own = column_.edit(slot, *column_.get(slot));
    Rule::touch(own.value, own.times, backend_.timeOfUse());
    return own.value;
  }
  void erase(Slot slot) override { column_.erase(slot); }

  const ColumnBase& column() const override { return column_; }
  std::size_t sweep(Slot slot, std::size_t& part, std::size_t most) override {
    const Held* held = column_.get(slot);
    if (held == nullptr) {
      part = 0;
      return 0;
    }
    const Horizon at = horizon();
    bool is_due = false;
    const Looked looked = Rule::look(
        held->value, held->times, at, part, most, [&](const auto&...) { is_due = true; });
    part = looked.next;
    if (!is_due) {
      return looked.seen;
    }
    backend_.noteUsed(slot);
    part = settleAt(slot, at) ? part : 0;
    return looked.seen + looked.settles;
  }
  bool isDue(std::string_view encoded) const override {
    Reader from(encoded);
    const Held held = record::read<Held>(from);
    return !Rule::isSettled(held.value, held.times, horizon());
  }
  void settle(Slot slot) override { settleAt(slot, horizon()); }
  std::unique_ptr<FrozenColumn> freeze() override {
    return std::make_unique<FrozenExpiring<Descriptor>>(column_.freezeTyped(), horizon());
  }

 protected:
  const Held* begin(Slot slot) {
    backend_.expiries().noteUse();
    return column_.get(slot);
  }
  Horizon horizon() const { return {backend_.now(), config().toMilliseconds()}; }
  /// That of what a function asks for.
  Horizon horizonOfUse() { return {backend_.timeOfUse(), config().toMilliseconds()}; }
  bool showsExpired() const {
    return config().stateVisibility() ==
           StateTtlConfig::StateVisibility::kReturnExpiredIfNotCleanedUp;
  }
  bool updatesOnRead() const {
    return config().updateType() == StateTtlConfig::UpdateType::kOnReadAndWrite;
  }
  /// Whether something is left.
  bool settleAt(Slot slot, const Horizon& at) {
    const Held* held = column_.get(slot);
    if (held == nullptr) {
      return false;
    }
    Held& own = column_.edit(slot, *held);
    if (Rule::settle(own.value, own.times, at)) {
      return true;
    }
    drop(slot);
    return false;
  }
  void drop(Slot slot) {
    column_.erase(slot);
    backend_.noteCleared(slot);
  }

  KeyedBackend& backend_;      // Owns us.
  Column<Held>& column_;       // The backend's.
  std::optional<Cell> shown_;  // What had expired and was read all the same.
};

template <typename Descriptor>
class ExpiringCells final : public ExpiringCellsBase<Descriptor> {
  using ExpiringCellsBase<Descriptor>::ExpiringCellsBase;
};

template <typename T>
class ExpiringCells<ListStateDescriptor<T>> final
    : public ExpiringCellsBase<ListStateDescriptor<T>> {
 public:
  using Base = ExpiringCellsBase<ListStateDescriptor<T>>;
  using Base::Base;
  using Held = typename Base::Held;
  using Rule = typename Base::Rule;

  void add(Slot slot, T value) override {
    this->begin(slot);
    const std::int64_t now = this->backend_.timeOfUse();
    Held& own = this->column_.edit(slot, std::vector<T>(), std::vector<std::int64_t>());
    own.times.resize(own.value.size(), now);
    own.value.push_back(std::move(value));
    own.times.push_back(now);
  }
  std::optional<T> popFront(Slot slot) override {
    const Held* held = this->begin(slot);
    if (held == nullptr || held->value.empty()) {
      return std::nullopt;
    }
    const Horizon at = this->horizonOfUse();
    const bool expired = !held->times.empty() && at.passed(held->times.front());
    if (expired && this->showsExpired()) {
      std::optional<T> first(held->value.front());
      this->settleAt(slot, at);  // It goes with all that has expired.
      return first;
    }
    if (!Rule::isSettled(held->value, held->times, at) && !this->settleAt(slot, at)) {
      return std::nullopt;
    }
    held = this->column_.get(slot);
    std::optional<T> first(held->value.front());
    if (held->value.size() == 1) {
      this->drop(slot);
      return first;
    }
    Held& own = this->column_.edit(slot, *held);
    own.value.erase(own.value.begin());
    own.times.erase(own.times.begin());
    if (this->updatesOnRead()) {
      Rule::touch(own.value, own.times, at.now);
    }
    return first;
  }
};

template <typename K, typename V>
class ExpiringCells<MapStateDescriptor<K, V>> final
    : public ExpiringCellsBase<MapStateDescriptor<K, V>> {
 public:
  using Base = ExpiringCellsBase<MapStateDescriptor<K, V>>;
  using Base::Base;
  using Held = typename Base::Held;
  using Rule = typename Base::Rule;

  const V* get(Slot slot, const K& key) override {
    const Held* held = this->begin(slot);
    const auto found = held == nullptr ? typename Rule::V::const_iterator() : held->value.find(key);
    if (held == nullptr || found == held->value.end()) {
      return nullptr;
    }
    const Horizon at = this->horizonOfUse();
    const std::int64_t time = Rule::timeOf(key, held->times);
    if (at.passed(time)) {
      seen_.emplace(found->second);
      forget(slot, key);
      return this->showsExpired() ? &*seen_ : nullptr;
    }
    if (time != kNotAccessed && !this->updatesOnRead()) {
      return &found->second;
    }
    Held& own = this->column_.edit(slot, *held);
    own.times.insert_or_assign(key, at.now);
    return &own.value.find(key)->second;
  }
  void put(Slot slot, const K& key, V value) override {
    this->begin(slot);
    Held& own = this->column_.edit(slot, typename Rule::V(), typename Rule::T());
    own.value.insert_or_assign(key, std::move(value));
    own.times.insert_or_assign(key, this->backend_.timeOfUse());
  }
  void remove(Slot slot, const K& key) override {
    const Held* held = this->begin(slot);
    if (held != nullptr && held->value.contains(key)) {
      forget(slot, key);
    }
  }
  /// Settles entry by entry: a large map is never gone over as a whole.
  std::size_t sweep(Slot slot, std::size_t& part, std::size_t most) override {
    const Held* held = this->column_.get(slot);
    if (held == nullptr) {
      part = 0;
      return 0;
    }
    const Horizon at = this->horizon();
    due_.clear();
    const Looked looked = Rule::look(
        held->value, held->times, at, part, most, [&](const K& key) { due_.push_back(key); });
    part = looked.next;
    if (due_.empty()) {
      return looked.seen;
    }
    this->backend_.noteUsed(slot);
    Held& own = this->column_.edit(slot, *held);
    for (const K& key : due_) {
      std::int64_t& time = own.times.try_emplace(key, at.now).first->second;
      time = time == kNotAccessed ? at.now : time;
      if (at.passed(time)) {
        own.times.erase(key);
        own.value.erase(key);
      }
    }
    if (own.value.empty()) {
      this->drop(slot);
      part = 0;
    }
    return looked.seen + due_.size();
  }

 private:
  void forget(Slot slot, const K& key) {
    Held& own = this->column_.edit(slot, *this->column_.get(slot));
    own.times.erase(key);
    own.value.erase(key);
    if (own.value.empty()) {
      this->drop(slot);
    }
  }

  std::optional<V> seen_;  // What get() has found expired.
  std::vector<K> due_;     // What sweep() has found.
};

/// What enableTimeToLive() has compiled for a kind of state.
template <typename Descriptor>
struct TtlSupportOf {
  static record::Schema schema() { return record::schemaOf<ExpiringCell<Descriptor>>(); }
  static Result<TtlCells<Descriptor>*> bind(KeyedBackend& backend, const Descriptor& descriptor) {
    using Held = ExpiringCell<Descriptor>;
    if (!descriptor.ttl.problem().empty()) {
      return Error(ErrorCode::kInvalidArgument,
                   "state '" + descriptor.name + "': " + descriptor.ttl.problem());
    }
    WEIR_TRY(Column<Held> * column, backend.columnOf<Held>(infoOf(descriptor)));
    Expiry* known = backend.expiries().find(*column, descriptor.ttl);
    if (known == nullptr) {
      known = &backend.expiries().add(
          std::make_unique<ExpiringCells<Descriptor>>(backend, *column, descriptor.ttl));
    }
    return static_cast<TtlCells<Descriptor>*>(static_cast<ExpiringCells<Descriptor>*>(known));
  }
  static constexpr TtlSupport<Descriptor> kAll{&schema, &bind};
};

}  // namespace weir::state
