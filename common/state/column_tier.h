#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/state/column.h"
#include "common/state/shared_tables.h"
#include "common/state/timer_shelf.h"

namespace weir::state {

class KeyedBackend;

/// What a tier held at one instant. Read by one thread, any; may outlive tier and backend.
class FrozenTier {
 public:
  /// A cell that lay in the tier. Views are valid up to the next one.
  struct Entry {
    std::uint32_t key_group = 0;
    std::string_view name;  ///< Of the key, as KeyedBackend::writeName() gives it.
    std::string_view key;
    std::string_view name_space;
    std::string_view value;
  };
  /// The cells of one state in the order of their key groups.
  class Cursor {
   public:
    virtual ~Cursor() = default;
    /// False at the end.
    virtual Result<bool> next(Entry& entry) = 0;
  };

  virtual ~FrozenTier() = default;
  virtual Result<std::unique_ptr<Cursor>> cells(const std::string& state) const = 0;
  /// Whether cells of this key, which was in memory, may lie here: those are out of date.
  virtual bool hides(Slot slot) const = 0;

  /// The following make tables of everything, for a snapshot that shares them with others.
  ///
  /// On the tier's thread, before anything else happens to its backend. False: it does not do that,
  /// and the cells are to be read. True: settle() follows for all unsettled() keys, then tables(),
  /// on one thread, any; until then, or until this ends, the tier makes little room.
  virtual bool share() { return false; }
  virtual bool isShared() const { return false; }
  /// Keys in memory whose cells may not be those that lie here.
  virtual const std::vector<Slot>& unsettled() const {
    static const std::vector<Slot> none;
    return none;
  }
  /// Takes down the cells of the unsettled() key at `index`; by column, null where there is none.
  virtual Status settle(std::size_t /*index*/,
                        std::string_view /*name*/,
                        std::span<const std::string_view> /*cells*/) {
    return ok();
  }
  /// `families` of the result are in the order of columns; their infos are left to the caller.
  virtual Result<SharedTables> tables() {
    return Error(ErrorCode::kInternal, "a tier without tables was asked for them");
  }
};

/// Where the cells of a backend lie that are not in memory. With a tier below them the columns are
/// a cache: cells come up when a batch finds its keys, and go down when the tier makes room.
/// Without one, as on the heap, the columns hold everything.
///
/// Belongs to its backend, and is called on its thread; knows the keys of slots by
/// KeyedBackend::writeName(). What cannot be read or written throws, and fails the task.
class ColumnTier {
 public:
  using Columns = std::span<const std::unique_ptr<ColumnBase>>;

  virtual ~ColumnTier() = default;
  /// A batch works on `slots` (in any order, some twice), of which `fresh` were not in memory: what
  /// lies here of them is restored into `columns`, and no longer looked at while they are in
  /// memory.
  virtual void use(Columns columns, std::span<const Slot> slots, std::span<const Slot> fresh) = 0;
  /// Restores one column, which is asked for late, of all keys in memory.
  virtual void load(ColumnBase& column, std::span<const Slot> slots) = 0;
  /// A key in memory has no state left: what lies here of it is gone.
  virtual void forget(Slot slot) = 0;
  /// A snapshot's cells are being restored, each once, of a backend that has none here of the same
  /// state: keys that come into memory need not be looked for. Batches go on as ever.
  virtual void beginRestore() {}
  virtual void endRestore(Columns /*columns*/) {}
  /// A batch is over. The time to evict() keys, with their cells taken down.
  virtual void endBatch(Columns columns) = 0;
  /// Of the column at this index: what lies here, about, also of what is out of date.
  struct Below {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
  };
  virtual Below below(std::size_t /*column*/) const { return {}; }
  /// What lies here and is not out of date; null: nothing.
  virtual std::unique_ptr<FrozenTier> freeze() = 0;
  /// Whether freeze() would have to wait.
  virtual bool isBusy() const { return false; }
  /// How many timers of a domain may be in memory before those that are far off go to a shelf.
  virtual std::size_t timersInMemory() const { return std::numeric_limits<std::size_t>::max(); }
  /// An empty shelf, which ends before the backend; never null where timersInMemory() is a bound.
  virtual std::unique_ptr<TimerShelf> makeTimerShelf() { return nullptr; }
};

/// Makes the tiers of a worker's backends. Safe from any thread; outlives the tiers.
class TierFactory {
 public:
  virtual ~TierFactory() = default;
  /// `owner` is named in errors: operator 'x', subtask n. The backend outlives the tier.
  virtual Result<std::unique_ptr<ColumnTier>> make(KeyedBackend& backend, std::string owner) = 0;
};

/// The name of a key in a tier: two bytes of key group, high one first, so that the order of names
/// is one of groups; what stands for the key; its namespace, and four bytes of how long that is.
inline void beginName(std::uint32_t key_group, Writer& to) {
  to.put(static_cast<std::uint8_t>(key_group >> 8));
  to.put(static_cast<std::uint8_t>(key_group));
}
inline void endName(std::string_view name_space, Writer& to) {
  to.putBytes(name_space.data(), name_space.size());
  to.put(static_cast<std::uint32_t>(name_space.size()));
}
/// Takes a name apart; false for what is none.
bool splitName(std::string_view name, FrozenTier::Entry& into);

}  // namespace weir::state
