#include "taskmanager/worker/rocksdb/rocks_tier.h"

#include <algorithm>
#include <utility>

#include "common/state/state_error.h"

namespace weir::worker {

using state::Slot;

namespace {

constexpr std::size_t kWriteAtOnce = 4 << 20;  // Bytes that are gathered; and no more than
constexpr std::uint64_t kWriteShare = 4;       // one of so many parts of the budget.
constexpr std::size_t kEvictAtLeast = 256;     // Keys, so that few writes are made.
constexpr std::size_t kEvictAtMost = 8192;     // In one go, so that no batch waits for long.
constexpr std::size_t kLooksAtMost = 1 << 15;  // Of the clock in one go.

}  // namespace

RocksTier::RocksTier(state::KeyedBackend& backend,
                     std::shared_ptr<RocksStore> store,
                     CacheBudget& budget,
                     std::string owner,
                     const RocksSettings& settings)
    : backend_(backend),
      store_(std::move(store)),
      changes_(*store_),
      share_(budget),
      owner_(std::move(owner)),
      settings_(settings),
      names_hold_keys_(backend.namesHoldKeys()),
      residents_(backend) {}

void RocksTier::check(const Status& status) const {
  if (!status) {
    Error error = status.error();
    throw state::StateError(std::move(error).during("state of " + owner_).text());
  }
}

/// Every column gets a family, at its own index.
void RocksTier::follow(Columns columns) {
  while (families_.size() < columns.size()) {
    families_.push_back({columns[families_.size()]->info().name});
  }
}

void RocksTier::use(Columns columns, std::span<const Slot> slots, std::span<const Slot> fresh) {
  follow(columns);
  in_batch_ = true;
  if (!fresh.empty()) {
    residents_.add(fresh);
    if (ever_written_ && !restoring_) {
      names_.write(backend_, fresh);
      for (std::size_t i = 0; i < columns.size(); ++i) {
        loadNamed(*columns[i], i, fresh);
      }
    }
  }
  residents_.use(slots);
}

void RocksTier::load(state::ColumnBase& column, std::span<const Slot> slots) {
  const auto found = std::ranges::find(families_, column.info().name, &RocksFamily::state);
  if (found != families_.end() && !slots.empty()) {
    names_.write(backend_, slots);
    loadNamed(column, static_cast<std::size_t>(found - families_.begin()), slots);
  }
}

void RocksTier::loadNamed(state::ColumnBase& column,
                          std::size_t index,
                          std::span<const Slot> slots) {
  const RocksFamily& family = families_[index];
  if (family.handle == nullptr) {
    return;
  }
  asked_names_.clear();
  asked_slots_.clear();
  const auto names = names_.views();
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const auto gathered = changes_.find(family.handle, names[i]);
    if (!gathered) {
      asked_names_.push_back(names[i]);
      asked_slots_.push_back(slots[i]);
    } else if (gathered->data() != nullptr) {
      check(restoreCell(column, index, slots[i], *gathered));
    }
  }
  check(store_->multiGet(
      family.handle, asked_names_, [&](std::size_t i, std::string_view stored) -> Status {
        return turn_.isForgotten(asked_names_[i])
                   ? ok()
                   : restoreCell(column, index, asked_slots_[i], stored);
      }));
}

Status RocksTier::restoreCell(state::ColumnBase& column,
                              std::size_t index,
                              Slot slot,
                              std::string_view stored) {
  ResidentKeys::Resident& resident = residents_[slot];
  resident.below = true;
  resident.digest += digestOf(index, stored);
  Reader from(stored);
  if (!names_hold_keys_) {
    (void)from.getString();  // Of an equal key.
  }
  column.restore(slot, from);
  if (from.failed()) {
    return Error(ErrorCode::kCorruption,
                 "RocksDB in " + store_->path() + " holds a cell of state '" +
                     families_[index].state + "' that cannot be read");
  }
  return ok();
}

void RocksTier::forget(Slot slot) {
  const bool ours = isOurTurn();
  if (residents_[slot].below || !ours) {
    name_.clear();
    backend_.writeName(slot, name_);
    for (const RocksFamily& family : families_) {
      if (family.handle != nullptr) {
        changes_.remove(family.handle, name_.view());
      }
    }
    if (!ours) {
      turn_.forget(slot, name_.str());
    }
  }
  residents_.remove(slot);
}

/// Of several states cells of one key came at different times: some may lie below that its slot in
/// memory lacks.
void RocksTier::endRestore(Columns columns) {
  restoring_ = false;
  if (!ever_written_ || columns.size() + backend_.unclaimed().size() < 2) {
    return;
  }
  follow(columns);
  std::vector<Slot> held;
  for (std::size_t i = 0; i < residents_.size(); ++i) {
    const auto slot = static_cast<Slot>(i);
    if (!residents_[slot].live) {
      continue;
    }
    if (backend_.isHeld(slot)) {
      held.push_back(slot);
    } else {
      removeDown(columns, slot);
      writeWhatIsMuch(share_.bytes());
    }
  }
  if (!held.empty()) {
    names_.write(backend_, held);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      loadNamed(*columns[i], i, held);
    }
  }
}

void RocksTier::endBatch(Columns columns) {
  follow(columns);
  residents_.count(columns);
  in_batch_ = false;
  const std::uint64_t most = share_.bytes();
  if (!isOurTurn()) {
    if (heldBytes() <= most + most / 2) {
      return;
    }
    takeTurn();
  }
  if (heldBytes() > most) {
    evictSome(columns, most);
  }
  writeWhatIsMuch(most);
}

void RocksTier::writeWhatIsMuch(std::uint64_t most) {
  if (changes_.gathered() >= std::min<std::uint64_t>(kWriteAtOnce, most / kWriteShare)) {
    check(changes_.write());
  }
}

void RocksTier::evictSome(Columns columns, std::uint64_t most) {
  std::size_t evicted = 0;
  std::size_t looks = std::min(2 * residents_.size(), kLooksAtMost);
  while (evicted < kEvictAtMost && (evicted < kEvictAtLeast || heldBytes() > most)) {
    const std::optional<Slot> slot = residents_.nextUnused(looks);
    if (!slot) {
      break;
    }
    removeDown(columns, *slot);
    ++evicted;
    writeWhatIsMuch(most);
  }
}

void RocksTier::removeDown(Columns columns, Slot slot) {
  takeDown(columns, slot);
  backend_.evict(slot);
  residents_.remove(slot);
}

/// Makes what lies below what the columns hold of a key.
void RocksTier::takeDown(Columns columns, Slot slot) {
  const ResidentKeys::Resident& resident = residents_[slot];
  name_.clear();
  backend_.writeName(slot, name_);
  const auto encode = [&](const state::ColumnBase& column) {
    value_.clear();
    if (!names_hold_keys_) {
      Writer key;
      backend_.writeKey(slot, key);
      value_.putString(key.view());
    }
    column.write(slot, value_);
  };
  if (resident.below) {
    std::uint64_t digest = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i]->has(slot)) {
        encode(*columns[i]);
        digest += digestOf(i, value_.view());
      }
    }
    if (digest == resident.digest) {
      return;  // Only read.
    }
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    RocksFamily& family = families_[i];
    if (columns[i]->has(slot)) {
      if (family.handle == nullptr) {
        addFamily(family);
      }
      encode(*columns[i]);
      changes_.put(family.handle, name_.view(), value_.view());
    } else if (resident.below && family.handle != nullptr) {
      changes_.remove(family.handle, name_.view());
    }
  }
}

void RocksTier::addFamily(RocksFamily& family) {
  const auto added = store_->addFamily(familyName(family.state));
  check(added ? ok() : Status(added.error()));
  family.handle = *added;
  ever_written_ = true;
}

state::ColumnTier::Below RocksTier::below(std::size_t column) const {
  RocksStore::Family* const family = column < families_.size() ? families_[column].handle : nullptr;
  return family == nullptr
             ? Below()
             : Below{store_->entriesOf(family) + changes_.putsOf(family), store_->bytesOf(family)};
}

}  // namespace weir::worker
