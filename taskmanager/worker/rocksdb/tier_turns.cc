#include <memory>
#include <utility>
#include <vector>

#include "taskmanager/worker/rocksdb/rocks_tier.h"

// Snapshots of a tier, and its turns with those that share its tables.
namespace weir::worker {

using state::Slot;

namespace {

/// Below this, state is written whole while RocksDB is not needed for it.
constexpr std::uint64_t kSharedFrom = 32 << 20;
/// Of what lies in the store of a key when that is not known: equal to that of no cells.
constexpr std::uint64_t kUnknown = 0x9e3779b97f4a7c15;

}  // namespace

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
