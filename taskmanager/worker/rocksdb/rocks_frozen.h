#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/state/column_tier.h"
#include "taskmanager/worker/rocksdb/rocks_sharing.h"
#include "taskmanager/worker/rocksdb/rocks_store.h"

namespace weir::worker {

/// What RocksDB calls the cells of a state.
inline std::string familyName(const std::string& state) { return "state-" + state; }

/// Where the cells of a state lie.
struct RocksFamily {
  std::string state;
  RocksStore::Family* handle = nullptr;  ///< Null: nothing was written yet.
};

/// What lay in a store at one instant, and which keys were in memory beside it.
class RocksFrozen final : public state::FrozenTier {
 public:
  /// `hidden` tells by slot which keys in memory have cells here. `begin_sharing` is called on the
  /// tier's thread, while the tier lives; null answers that tables are not to be shared now.
  RocksFrozen(std::shared_ptr<RocksStore> store,
              std::vector<RocksFamily> families,
              std::vector<bool> hidden,
              bool names_hold_keys,
              std::function<std::shared_ptr<RocksSharing>()> begin_sharing);
  ~RocksFrozen() override;

  /// Errors: those of the store, also where its background has failed since; kCorruption.
  Result<std::unique_ptr<Cursor>> cells(const std::string& state) const override;
  bool hides(state::Slot slot) const override { return slot < hidden_.size() && hidden_[slot]; }

  bool share() override;
  bool isShared() const override { return sharing_ != nullptr; }
  const std::vector<state::Slot>& unsettled() const override { return sharing_->slots(); }
  Status settle(std::size_t index,
                std::string_view name,
                std::span<const std::string_view> cells) override {
    return sharing_->settle(index, name, cells);
  }
  Result<state::SharedTables> tables() override;

 private:
  class Cells;

  std::shared_ptr<RocksStore> store_;  // Shared with the tier.
  RocksStore::View view_;
  std::vector<RocksFamily> families_;
  std::vector<bool> hidden_;
  bool names_hold_keys_;
  std::function<std::shared_ptr<RocksSharing>()> begin_sharing_;
  std::shared_ptr<RocksSharing> sharing_;  // With the tier; null unless tables are shared.
};

}  // namespace weir::worker
