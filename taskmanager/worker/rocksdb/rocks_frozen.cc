#include "taskmanager/worker/rocksdb/rocks_frozen.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace weir::worker {

class RocksFrozen::Cells final : public state::FrozenTier::Cursor {
 public:
  Cells(const RocksFrozen& from, RocksStore::Family* family)
      : path_(from.store_->path()), names_hold_keys_(from.names_hold_keys_) {
    if (family != nullptr) {
      walk_.emplace(from.view_, family);
    }
  }
  Result<bool> next(Entry& entry) override {
    if (!walk_) {
      return false;
    }
    std::string_view name;
    WEIR_TRY(const bool more, walk_->next(name, entry.value));
    if (!more) {
      return false;
    }
    if (!state::splitName(name, entry)) {
      return corrupt();
    }
    if (!names_hold_keys_) {
      Reader value(entry.value);
      entry.key = value.getString();
      if (value.failed()) {
        return corrupt();
      }
      entry.value.remove_prefix(entry.value.size() - value.remaining());
    }
    return true;
  }

 private:
  Error corrupt() const {
    return Error(ErrorCode::kCorruption,
                 "RocksDB in " + path_ + " holds what no state has written");
  }

  std::string path_;
  bool names_hold_keys_;
  std::optional<RocksStore::Walk> walk_;  // None where nothing was written.
};

RocksFrozen::RocksFrozen(std::shared_ptr<RocksStore> store,
                         std::vector<RocksFamily> families,
                         std::vector<bool> hidden,
                         bool names_hold_keys,
                         std::function<std::shared_ptr<RocksSharing>()> begin_sharing)
    : store_(std::move(store)),
      view_(*store_),
      families_(std::move(families)),
      hidden_(std::move(hidden)),
      names_hold_keys_(names_hold_keys),
      begin_sharing_(std::move(begin_sharing)) {}

RocksFrozen::~RocksFrozen() {
  if (sharing_ != nullptr) {
    sharing_->giveUp();  // Unless it has come to its end.
  }
}

bool RocksFrozen::share() {
  sharing_ = begin_sharing_();
  return sharing_ != nullptr;
}

Result<state::SharedTables> RocksFrozen::tables() {
  WEIR_TRY(state::SharedTables tables, sharing_->tables());
  for (std::size_t i = 0; i < tables.states.size(); ++i) {
    tables.states[i].family = familyName(families_[i].state);
  }
  return tables;
}

Result<std::unique_ptr<state::FrozenTier::Cursor>> RocksFrozen::cells(
    const std::string& state) const {
  WEIR_RETURN_IF_ERROR(store_->health());
  const auto found = std::ranges::find(families_, state, &RocksFamily::state);
  RocksStore::Family* family = found == families_.end() ? nullptr : found->handle;
  return std::unique_ptr<Cursor>(std::make_unique<Cells>(*this, family));
}

}  // namespace weir::worker
