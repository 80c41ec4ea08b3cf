#pragma once

#include <cstdlib>
#include <string>
#include <utility>

#include "common/state/descriptors.h"
#include "common/state/expiring_cells.h"
#include "common/state/keyed_backend.h"
#include "common/state/state_owner.h"

/// What every kind of keyed state is made of.
namespace weir {

namespace state {

[[noreturn]] void throwNoKey(const std::string& name, bool bound);

/// Whether what a state holds per key can be stored and copied; that it cannot is one error of the
/// compiler, whatever is done with the state.
template <typename Cell>
consteval bool checkCell() {
  return record::checkSerializable<Cell>();
}

/// What all keyed states share: a descriptor and a column.
template <typename Descriptor>
class KeyedState : public DeclaredState {
 public:
  using Cell = typename Descriptor::Cell;

  KeyedState(const KeyedState&) = default;
  /// Copies: only what was declared takes its place with its owner along.
  KeyedState(KeyedState&& other)  // NOLINT: a copy may throw.
      : DeclaredState(static_cast<DeclaredState&&>(other)),
        descriptor_(other.descriptor_),
        column_(other.column_),
        expiring_(other.expiring_),
        backend_(other.backend_),
        current_(other.current_) {}
  KeyedState& operator=(const KeyedState&) = default;

  StateInfo info() const override { return infoOf(descriptor_); }
  std::string problem() const override { return descriptor_.ttl.problem(); }
  Status bind(KeyedBackend& backend) override {
    if constexpr (checkCell<Cell>()) {
      if (descriptor_.ttl_support != nullptr) {
        WEIR_TRY(expiring_, descriptor_.ttl_support->bind(backend, descriptor_));
      } else {
        WEIR_TRY(column_, backend.column(descriptor_));
      }
    }
    backend_ = &backend;
    current_ = &backend.current();
    return ok();
  }
  /// Of a bound state: it speaks of the key at `current` from now on, which outlives it.
  void speakOf(const Slot& current) { current_ = &current; }
  const Descriptor& descriptor() const { return descriptor_; }
  /// What renamedFrom() calls.
  void noteFormerName(std::string former) { descriptor_.renamedFrom(std::move(former)); }

  /// Forgets what the key at hand has.
  void clear() {
    if (column_ == nullptr) [[unlikely]] {
      expiring().erase(*current_);
    } else if constexpr (checkCell<Cell>()) {
      column_->erase(currentSlot());
    }
    backend_->noteCleared(*current_);
  }

 protected:
  explicit KeyedState(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  KeyedState(const StateOwner& owner, Descriptor descriptor)
      : DeclaredState(owner.stateRegistry()), descriptor_(std::move(descriptor)) {}

  Slot currentSlot() const {
    if (column_ == nullptr || *current_ == kNoSlot) [[unlikely]] {
      throwNoKey(descriptor_.name, column_ != nullptr);
    }
    return *current_;
  }
  /// What stands for the column where entries expire; throws where there is neither, or no key.
  bool expires() const { return expiring_ != nullptr; }
  TtlCells<Descriptor>& expiring() const {
    if (expiring_ == nullptr || *current_ == kNoSlot) {
      throwNoKey(descriptor_.name, expiring_ != nullptr);
    }
    return *expiring_;
  }
  const Cell* cell() const {
    if (column_ == nullptr) [[unlikely]] {
      return expiring().read(*current_);
    }
    const Slot slot = currentSlot();
    if constexpr (checkCell<Cell>()) {
      return column_->get(slot);
    } else {
      return nullptr;
    }
  }
  template <typename U>
  void setCell(U&& value) {
    if (column_ == nullptr) [[unlikely]] {
      return expiring().write(*current_, Cell(std::forward<U>(value)));
    }
    const Slot slot = currentSlot();
    if constexpr (checkCell<Cell>()) {
      column_->set(slot, std::forward<U>(value));
    }
  }
  template <typename... A>
  Cell& editCell(A&&... initial) {
    if (column_ == nullptr) [[unlikely]] {
      return expiring().edit(*current_, Cell(std::forward<A>(initial)...));
    }
    const Slot slot = currentSlot();
    if constexpr (checkCell<Cell>()) {
      return column_->edit(slot, std::forward<A>(initial)...);
    } else {
      std::abort();
    }
  }

  Descriptor descriptor_;
  Column<Cell>* column_ = nullptr;            // Owned by the backend; null where entries expire.
  TtlCells<Descriptor>* expiring_ = nullptr;  // Owned by the backend; null where they do not.
  KeyedBackend* backend_ = nullptr;           // Owned by the operator.
  const Slot* current_ = nullptr;             // The backend's, unless it was told another.
};

/// renamedFrom() of a declared state, which may be called where it is declared:
/// `ValueState<int> now_ = ValueState<int>(*this, "now", 0).renamedFrom("before")`, or in the
/// constructor of its function.
template <typename State>
class Renamable {
 public:
  /// As that of its descriptor.
  State& renamedFrom(std::string former) & {
    auto& self = static_cast<State&>(*this);
    self.noteFormerName(std::move(former));
    return self;
  }
  State&& renamedFrom(std::string former) && { return std::move(renamedFrom(std::move(former))); }
};

}  // namespace state

}  // namespace weir
