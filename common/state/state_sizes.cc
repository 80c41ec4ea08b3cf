// Of a backend: what its states hold.
#include <algorithm>

#include "common/state/column.h"
#include "common/state/keyed_backend.h"

namespace weir::state {
namespace {

constexpr Slot kSampled = 256;  // Cells, evenly spread.

/// What the cells of a column own elsewhere, on average.
std::uint64_t ownedOnAverage(const ColumnBase& column, Slot slots) {
  std::uint64_t bytes = 0;
  std::uint64_t seen = 0;
  const Slot step = std::max<Slot>(slots / kSampled, 1);
  for (Slot slot = 0; slot < slots; slot += step) {
    if (column.has(slot)) {
      bytes += column.ownedBytes(slot);
      ++seen;
    }
  }
  return seen == 0 ? 0 : bytes / seen;
}

}  // namespace

std::vector<StateSize> KeyedBackend::sizes() const {
  std::vector<StateSize> sizes;
  for (std::size_t index = 0; index < columns_.size(); ++index) {
    const ColumnBase& column = *columns_[index];
    StateSize& size = sizes.emplace_back();
    size.name = column.info().name;
    size.keys = column.count();
    const std::uint64_t owned = column.cellsOwn() ? ownedOnAverage(column, slotCount()) : 0;
    size.memory_bytes =
        size.keys * (column.cellBytes() + owned) + keyCount() * keyBytes() / columns_.size();
    if (tier_ != nullptr) {
      const ColumnTier::Below below = tier_->below(index);
      size.keys = std::max(size.keys, below.entries);
      size.disk_bytes = below.bytes;
    }
  }
  return sizes;
}

}  // namespace weir::state
