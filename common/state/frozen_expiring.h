#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "common/state/column.h"
#include "common/state/expiring.h"

namespace weir::state {

/// A view of a column without what has expired when it was taken.
template <typename Descriptor>
class FrozenExpiring final : public FrozenColumn {
 public:
  using Rule = TtlRule<Descriptor>;
  using Held = ExpiringCell<Descriptor>;
  FrozenExpiring(std::unique_ptr<typename Column<Held>::Frozen> cells, const Horizon& horizon)
      : cells_(std::move(cells)), horizon_(horizon) {}
  bool has(Slot slot) const override {
    const Held* held = cells_->get(slot);
    return held != nullptr && !Rule::isEmpty(held->value, held->times, horizon_);
  }
  void write(Slot slot, Writer& to) const override { writeSettled(*cells_->get(slot), to); }
  void prefetch(Slot slot) const override { cells_->prefetch(slot); }
  bool keep(std::string_view& encoded, Writer& settled) const override {
    Reader from(encoded);
    const Held held = record::read<Held>(from);
    if (Rule::isSettled(held.value, held.times, horizon_)) {
      return true;
    }
    settled.clear();
    if (Rule::isEmpty(held.value, held.times, horizon_)) {
      return false;
    }
    writeSettled(held, settled);
    encoded = settled.view();
    return true;
  }

 private:
  void writeSettled(const Held& held, Writer& to) const {
    if (Rule::isSettled(held.value, held.times, horizon_)) {
      return record::write<Held>(held, to);
    }
    Held settled = held;
    Rule::settle(settled.value, settled.times, horizon_);
    record::write<Held>(settled, to);
  }

  std::unique_ptr<typename Column<Held>::Frozen> cells_;
  Horizon horizon_;
};

}  // namespace weir::state
