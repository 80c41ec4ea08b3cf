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
/// Below this, state is written whole while RocksDB is not needed for it.
constexpr std::uint64_t kSharedFrom = 32 << 20;
/// Of what lies in the store of a key when that is not known: equal to that of no cells.
constexpr std::uint64_t kUnknown = 0x9e3779b97f4a7c15;

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
    if (ever_written_) {
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

// ------------------------------------------------------------------------------ shared tables

/// On the tier's thread, right after freeze(). Nothing while a batch is half done: what it goes on
/// to change would not be noticed.
std::shared_ptr<RocksSharing> RocksTier::beginSharing() {
  if (!settings_.shares_tables || in_batch_ || (!ever_written_ && heldBytes() < kSharedFrom)) {
    return nullptr;
  }
  std::vector<RocksStore::Family*> families;
  for (RocksFamily& family : families_) {
    if (family.handle == nullptr) {
      addFamily(family);
    }
    families.push_back(family.handle);
  }
  std::vector<Slot> slots = residents_.takeChanged();
  std::vector<RocksSharing::Key> keys;
  keys.reserve(slots.size());
  for (const Slot slot : slots) {
    keys.push_back({residents_[slot].digest, residents_[slot].below});
  }
  auto sharing = std::make_shared<RocksSharing>(
      store_, std::move(families), std::move(slots), std::move(keys));
  turn_.give(sharing);
  return sharing;
}

bool RocksTier::isOurTurn() {
  if (turn_.isBack()) [[unlikely]] {
    takeTurn();
  }
  return !turn_.isAway();
}

/// Waits for it, and takes over what is known of the store's cells then.
void RocksTier::takeTurn() {
  turn_.wait();
  if (!turn_.isBack()) {
    return;
  }
  const RocksSharing& sharing = turn_.ended();
  for (std::size_t i = 0; i < sharing.slots().size(); ++i) {
    const Slot slot = sharing.slots()[i];
    if (turn_.isForgotten(slot)) {
      continue;
    }
    ResidentKeys::Resident& resident = residents_[slot];
    resident.digest = sharing.whole() ? sharing.keys()[i].digest : kUnknown;
    resident.below = !sharing.whole() || sharing.keys()[i].below;
    if (!sharing.whole()) {
      residents_.change(slot);
    }
  }
  check(changes_.write());  // Of what was forgotten.
  turn_.takeUp();
}

void RocksTier::evictSome(Columns columns, std::uint64_t most) {
  std::size_t evicted = 0;
  std::size_t looks = std::min(2 * residents_.size(), kLooksAtMost);
  while (evicted < kEvictAtMost && (evicted < kEvictAtLeast || heldBytes() > most)) {
    const std::optional<Slot> slot = residents_.nextUnused(looks);
    if (!slot) {
      break;
    }
    takeDown(columns, *slot);
    backend_.evict(*slot);
    residents_.remove(*slot);
    ++evicted;
    writeWhatIsMuch(most);
  }
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

std::unique_ptr<state::FrozenTier> RocksTier::freeze() {
  takeTurn();
  if (!ever_written_ && (!settings_.shares_tables || heldBytes() < kSharedFrom)) {
    return nullptr;
  }
  check(changes_.write());
  std::vector<bool> hidden(residents_.size());
  for (std::size_t slot = 0; slot < residents_.size(); ++slot) {
    const ResidentKeys::Resident& resident = residents_[static_cast<Slot>(slot)];
    hidden[slot] = resident.live && resident.below;
  }
  return std::make_unique<RocksFrozen>(
      store_, families_, std::move(hidden), names_hold_keys_, [this] { return beginSharing(); });
}

}  // namespace weir::worker
