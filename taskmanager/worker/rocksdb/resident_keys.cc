#include "taskmanager/worker/rocksdb/resident_keys.h"

#include <algorithm>

namespace weir::worker {

using state::Slot;

void ResidentKeys::add(std::span<const Slot> fresh) {
  const std::size_t most = *std::ranges::max_element(fresh);
  if (most >= residents_.size()) {
    residents_.resize(std::max<std::size_t>(most + 1, residents_.size() * 2));
    referenced_.resize(residents_.size());
  }
  for (const Slot slot : fresh) {
    residents_[slot] = Resident{.live = true};
  }
  live_ += fresh.size();
}

void ResidentKeys::use(std::span<const Slot> slots) {
  for (const Slot slot : slots) {
    referenced_[slot] = kUsed | kChanged;
  }
  if (counts_owned_) {
    batch_.insert(batch_.end(), slots.begin(), slots.end());
  }
}

void ResidentKeys::remove(Slot slot) {
  referenced_[slot] = 0;
  owned_units_ -= residents_[slot].owned;
  --live_;
  residents_[slot] = Resident{};
}

/// There are other columns than before: all keys are counted.
void ResidentKeys::recount(Columns columns) {
  columns_counted_ = columns.size();
  bytes_per_key_ = sizeof(Resident) + backend_.keyBytes();
  counts_owned_ = backend_.keysOwn();
  for (const auto& column : columns) {
    bytes_per_key_ += column->cellBytes();
    counts_owned_ = counts_owned_ || column->cellsOwn();
  }
  for (Slot slot = 0; counts_owned_ && slot < residents_.size(); ++slot) {
    batch_.push_back(slot);
  }
}

void ResidentKeys::count(Columns columns) {
  if (columns_counted_ != columns.size()) {
    recount(columns);
  }
  for (const Slot slot : batch_) {
    Resident& resident = residents_[slot];
    if (!resident.live) {
      continue;
    }
    std::size_t owned = backend_.ownedByKey(slot);
    for (const auto& column : columns) {
      owned += column->ownedBytes(slot);
    }
    const auto units = static_cast<std::uint32_t>(
        std::min<std::size_t>((owned + kUnit - 1) / kUnit, ~std::uint32_t{0}));
    owned_units_ += units;
    owned_units_ -= resident.owned;
    resident.owned = units;
  }
  batch_.clear();
}

std::optional<Slot> ResidentKeys::nextUnused(std::size_t& looks) {
  for (; looks != 0; --looks) {
    const auto slot = static_cast<Slot>(hand_);
    hand_ = hand_ + 1 < residents_.size() ? hand_ + 1 : 0;
    if (!residents_[slot].live) {
      continue;
    }
    const bool used = (referenced_[slot] & kUsed) != 0;
    referenced_[slot] &= static_cast<std::uint8_t>(~kUsed);
    if (!used && !backend_.isHeld(slot)) {
      --looks;
      return slot;
    }
  }
  return std::nullopt;
}

std::vector<Slot> ResidentKeys::takeChanged() {
  std::vector<Slot> changed;
  for (std::size_t slot = 0; slot < residents_.size(); ++slot) {
    if ((referenced_[slot] & kChanged) != 0 && residents_[slot].live) {
      referenced_[slot] &= static_cast<std::uint8_t>(~kChanged);
      changed.push_back(static_cast<Slot>(slot));
    }
  }
  return changed;
}

}  // namespace weir::worker
