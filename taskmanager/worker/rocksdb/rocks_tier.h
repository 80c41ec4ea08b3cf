#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/state/column_tier.h"
#include "common/state/keyed_backend.h"
#include "taskmanager/worker/rocksdb/cache_budget.h"
#include "taskmanager/worker/rocksdb/resident_keys.h"
#include "taskmanager/worker/rocksdb/rocks_changes.h"
#include "taskmanager/worker/rocksdb/rocks_frozen.h"
#include "taskmanager/worker/rocksdb/rocks_shelf.h"
#include "taskmanager/worker/rocksdb/rocks_store.h"
#include "taskmanager/worker/rocksdb/rocks_turn.h"
#include "taskmanager/worker/rocksdb/slot_names.h"

namespace weir::worker {

/// The cells of one backend that are not in memory, in a RocksDB of the backend's own.
///
/// The backend's columns are a cache of whole keys, bounded by a share of the worker's budget:
/// while it suffices nothing is serialized. Over it, keys that were not used lately (ResidentKeys)
/// are evicted; those of their cells that are not what lies below are gathered, and written many in
/// one go, in the order of their names: one at a time, each costs RocksDB's memtable a search in
/// memory that no cache holds. Keys that come back are taken from what was gathered, or read with
/// one MultiGet a state and batch.
///
/// Where snapshots share tables, one that begins takes the store over until links to its files are
/// taken (RocksSharing): meanwhile nothing is evicted, what is forgotten is written down later, and
/// memory may grow by half the budget; then the task waits.
class RocksTier final : public state::ColumnTier {
 public:
  /// `owner` stands in errors. The backend, the budget and the settings outlive the tier.
  RocksTier(state::KeyedBackend& backend,
            std::shared_ptr<RocksStore> store,
            CacheBudget& budget,
            std::string owner,
            const RocksSettings& settings);

  void use(Columns columns,
           std::span<const state::Slot> slots,
           std::span<const state::Slot> fresh) override;
  void load(state::ColumnBase& column, std::span<const state::Slot> slots) override;
  void forget(state::Slot slot) override;
  void beginRestore() override { restoring_ = true; }
  void endRestore(Columns columns) override;
  void endBatch(Columns columns) override;
  Below below(std::size_t column) const override;
  std::unique_ptr<state::FrozenTier> freeze() override;
  bool isBusy() const override { return turn_.isAway(); }
  std::size_t timersInMemory() const override { return settings_.timers_in_memory; }
  std::unique_ptr<state::TimerShelf> makeTimerShelf() override {
    return RocksShelf::make(store_->library(), settings_, owner_);
  }

  /// What the keys in memory take, about.
  std::uint64_t heldBytes() const { return residents_.bytes(); }

 private:
  void follow(Columns columns);
  void loadNamed(state::ColumnBase& column, std::size_t index, std::span<const state::Slot> slots);
  Status restoreCell(state::ColumnBase& column,
                     std::size_t index,
                     state::Slot slot,
                     std::string_view stored);
  void writeWhatIsMuch(std::uint64_t most);
  void evictSome(Columns columns, std::uint64_t most);
  void takeDown(Columns columns, state::Slot slot);
  void removeDown(Columns columns, state::Slot slot);
  void addFamily(RocksFamily& family);
  void check(const Status& status) const;
  std::shared_ptr<RocksSharing> beginSharing();
  bool isOurTurn();
  void takeTurn();

  state::KeyedBackend& backend_;
  std::shared_ptr<RocksStore> store_;  // Shared with frozen views.
  RocksChanges changes_;
  CacheBudget::Share share_;
  std::string owner_;
  const RocksSettings& settings_;  // Of the stores of the worker.
  const bool names_hold_keys_;
  std::vector<RocksFamily> families_;  // By column.
  ResidentKeys residents_;
  bool in_batch_ = false;
  bool restoring_ = false;
  RocksTurn turn_;
  bool ever_written_ = false;
  SlotNames names_;                            // Of what loadNamed() loads.
  std::vector<std::string_view> asked_names_;  // Those that the store is asked for.
  std::vector<state::Slot> asked_slots_;
  Writer name_;
  Writer value_;
};

}  // namespace weir::worker
