#pragma once

#include <memory>
#include <optional>

#include "common/state/descriptors.h"
#include "common/state/segment.h"

/// What a keyed state does instead of going to its column where its entries expire. The interfaces
/// are known to every state; what implements them (`expiring_cells.h`) is compiled where a time to
/// live is given.
namespace weir::state {

/// Belongs to a backend and its thread. What it hands out is valid until the state is used next.
template <typename Descriptor>
class TtlCellsBase {
 public:
  using Cell = typename Descriptor::Cell;
  virtual ~TtlCellsBase() = default;
  /// What may be seen of a cell; null where that is nothing.
  virtual const Cell* read(Slot slot) = 0;
  virtual void write(Slot slot, Cell value) = 0;
  /// The cell for writing in place, `initial` where nothing is to be seen; of lists and maps, see
  /// below.
  virtual Cell& edit(Slot slot, Cell initial) = 0;
  virtual void erase(Slot slot) = 0;
};
template <typename Descriptor>
class TtlCells : public TtlCellsBase<Descriptor> {};
template <typename T>
class TtlCells<ListStateDescriptor<T>> : public TtlCellsBase<ListStateDescriptor<T>> {
 public:
  virtual void add(Slot slot, T value) = 0;
  virtual std::optional<T> popFront(Slot slot) = 0;
};
template <typename K, typename V>
class TtlCells<MapStateDescriptor<K, V>> : public TtlCellsBase<MapStateDescriptor<K, V>> {
 public:
  virtual const V* get(Slot slot, const K& key) = 0;
  virtual void put(Slot slot, const K& key, V value) = 0;
  virtual void remove(Slot slot, const K& key) = 0;
};

}  // namespace weir::state
