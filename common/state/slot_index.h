#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/base/huge_pages.h"
#include "common/base/prefetch.h"
#include "common/state/column.h"

namespace weir::state {

/// Half of a hash, and a slot.
struct HalfHash {
  HalfHash() = default;
  HalfHash(std::uint64_t hash, Slot at) : tag(static_cast<std::uint32_t>(hash)), slot(at) {}
  bool sameHash(const HalfHash& other) const { return tag == other.tag; }
  std::uint32_t tag = 0;  // Low half of the hash; its low bits are the place to start from.
  Slot slot = kNoSlot;
};
/// A whole hash, and a slot.
struct WholeHash {
  WholeHash() = default;
  WholeHash(std::uint64_t hash, Slot at)
      : tag(static_cast<std::uint32_t>(hash)),
        high(static_cast<std::uint32_t>(hash >> 32)),
        slot(at) {}
  bool sameHash(const WholeHash& other) const { return tag == other.tag && high == other.high; }
  std::uint32_t tag = 0;
  std::uint32_t high = 0;
  Slot slot = kNoSlot;
};

/// Slots by hash: open addressing over entries of one of the two kinds. Belongs to its directory's
/// thread.
template <typename Entry>
class SlotIndex {
 public:
  /// What a slot takes, between 8/5 and 16/5 entries.
  static constexpr std::size_t kBytesPerSlot = sizeof(Entry) * 12 / 5;

  SlotIndex() { rehash(kSmallest); }

  /// Where the search for a hash begins; fetched ahead of find().
  void prefetch(std::uint64_t hash) const {
    prefetchForWrite(&entries_[static_cast<std::uint32_t>(hash) & mask_]);
  }
  /// The first slot with this hash that `wanted` takes, or kNoSlot.
  template <typename Wanted>
  Slot find(std::uint64_t hash, Wanted wanted) const {
    const Entry like(hash, kNoSlot);
    for (std::size_t at = like.tag & mask_; entries_[at].slot != kNoSlot; at = (at + 1) & mask_) {
      if (entries_[at].sameHash(like) && wanted(entries_[at].slot)) {
        return entries_[at].slot;
      }
    }
    return kNoSlot;
  }
  void insert(std::uint64_t hash, Slot slot) {
    if ((size_ + 1) * 8 > (mask_ + 1) * 5) {
      rehash((mask_ + 1) * 2);
    }
    place(Entry(hash, slot));
    ++size_;
  }
  /// Of a slot that was inserted with this hash.
  void erase(std::uint64_t hash, Slot slot) {
    std::size_t hole = static_cast<std::uint32_t>(hash) & mask_;
    while (entries_[hole].slot != slot) {
      hole = (hole + 1) & mask_;
    }
    // Shift back what would not be found across the hole.
    for (std::size_t at = (hole + 1) & mask_; entries_[at].slot != kNoSlot; at = (at + 1) & mask_) {
      const std::size_t home = entries_[at].tag & mask_;
      if (((at - home) & mask_) >= ((at - hole) & mask_)) {
        entries_[hole] = entries_[at];
        hole = at;
      }
    }
    entries_[hole] = Entry{};
    --size_;
  }

 private:
  static constexpr std::size_t kSmallest = 64;
  using Entries = std::vector<Entry, HugePageAllocator<Entry>>;

  void place(Entry entry) {
    std::size_t at = entry.tag & mask_;
    while (entries_[at].slot != kNoSlot) {
      at = (at + 1) & mask_;
    }
    entries_[at] = entry;
  }
  void rehash(std::size_t capacity) {
    Entries old(capacity);
    old.swap(entries_);
    mask_ = capacity - 1;
    for (const Entry& entry : old) {
      if (entry.slot != kNoSlot) {
        place(entry);
      }
    }
  }

  Entries entries_;
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
};

}  // namespace weir::state
