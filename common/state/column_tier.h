#pragma once

#include <memory>
#include <span>

#include "common/state/column.h"

namespace weir::state {

class FrozenState;

/// Where the cells of a backend lie that are not in memory. With a tier below them the columns are
/// what a batch works on: cells come up when it finds its keys, and go down when it ends. Without
/// one, as on the heap, the columns hold everything.
///
/// Belongs to its backend, and is called on its thread; knows the keys of slots by
/// KeyedBackend::writeKey(). What cannot be read or written throws, and fails the task.
class ColumnTier {
 public:
  using Columns = std::span<const std::unique_ptr<ColumnBase>>;

  virtual ~ColumnTier() = default;
  /// Restores the cells of `slots` that lie here into `columns`: all columns for keys that were not
  /// in memory; one column, and all keys in memory, when a state is asked for late.
  virtual void load(Columns columns, std::span<const Slot> slots) = 0;
  /// A batch is over that worked on `slots` (ascending, each once): what the columns have for them
  /// is what they hold, and cells that are gone are gone here too. May evict() some of them.
  virtual void writeBack(Columns columns, std::span<const Slot> slots) = 0;
  /// As KeyedBackend::freeze(), of what lies here; nothing is under way in the columns.
  virtual std::unique_ptr<FrozenState> freeze() = 0;
};

}  // namespace weir::state
