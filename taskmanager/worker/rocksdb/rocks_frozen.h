#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/state/column_tier.h"
#include "taskmanager/worker/rocksdb/rocks_store.h"

namespace weir::worker {

/// Where the cells of a state lie.
struct RocksFamily {
  std::string state;
  RocksStore::Family* handle = nullptr;  ///< Null: nothing was written yet.
};

/// What lay in a store at one instant, and which keys were in memory beside it.
class RocksFrozen final : public state::FrozenTier {
 public:
  /// `hidden` tells by slot which keys in memory have cells here.
  RocksFrozen(std::shared_ptr<RocksStore> store,
              std::vector<RocksFamily> families,
              std::vector<bool> hidden,
              bool names_hold_keys);

  /// Errors: those of the store, also where its background has failed since; kCorruption.
  Result<std::unique_ptr<Cursor>> cells(const std::string& state) const override;
  bool hides(state::Slot slot) const override { return slot < hidden_.size() && hidden_[slot]; }

 private:
  class Cells;

  std::shared_ptr<RocksStore> store_;  // Shared with the tier.
  RocksStore::View view_;
  std::vector<RocksFamily> families_;
  std::vector<bool> hidden_;
  bool names_hold_keys_;
};

}  // namespace weir::worker
