#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "common/record/key_hash.h"
#include "common/state/column.h"

namespace weir::state {

/// Which slot a hash and key live in: open addressing over {tag, slot}, keys beside in a column.
/// Belongs to its backend's thread.
///
/// XXH3 is a bijection on 8 bytes. So for keys that are one word the index holds the whole hash,
/// and finds a key without a look at it; for others it holds half, and the key decides.
template <typename K>
class KeyDirectory {
 public:
  /// probe() needs no second look.
  static constexpr bool kExact = record::WordKey<K>;

  KeyDirectory() : keys_(StateInfo{}, nullptr) { rehash(kSmallest); }

  std::size_t size() const { return size_; }
  /// Slots are below this.
  Slot slotCount() const { return next_; }
  const K* keyAt(Slot slot) const { return keys_.get(slot); }
  std::unique_ptr<typename Column<K>::Frozen> freezeKeys() { return keys_.freezeTyped(); }

  /// Where the search for a hash begins; fetched ahead of find().
  void prefetchIndex(std::uint64_t hash) const {
    __builtin_prefetch(&index_[static_cast<std::uint32_t>(hash) & mask_], 1);
  }
  /// The slot that has this hash's key, probably (kExact: certainly), or kNoSlot.
  Slot probe(std::uint64_t hash) const {
    const Entry wanted(hash, kNoSlot);
    for (std::size_t at = wanted.tag & mask_; index_[at].slot != kNoSlot; at = (at + 1) & mask_) {
      if (index_[at].sameHash(wanted)) {
        return index_[at].slot;
      }
    }
    return kNoSlot;
  }
  void prefetchKey(Slot slot) const { keys_.prefetch(&slot, 1); }

  Slot find(const K& key, std::uint64_t hash) const {
    if constexpr (kExact) {
      return probe(hash);
    }
    const Entry wanted(hash, kNoSlot);
    for (std::size_t at = wanted.tag & mask_; index_[at].slot != kNoSlot; at = (at + 1) & mask_) {
      if (index_[at].sameHash(wanted) && keyEquals(*keys_.get(index_[at].slot), key)) {
        return index_[at].slot;
      }
    }
    return kNoSlot;
  }
  /// find(), else a slot of its own, which is also appended to `fresh`.
  Slot findOrInsert(const K& key, std::uint64_t hash, std::vector<Slot>& fresh) {
    if (const Slot found = find(key, hash); found != kNoSlot) [[likely]] {
      return found;
    }
    if ((size_ + 1) * 8 > (mask_ + 1) * 5) {
      rehash((mask_ + 1) * 2);
    }
    Slot slot = next_;
    if (free_.empty()) {
      ++next_;
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    keys_.set(slot, key);
    place(Entry(hash, slot));
    ++size_;
    fresh.push_back(slot);
    return slot;
  }
  /// Forgets the key of a slot, which another key may get from now on.
  void erase(Slot slot) {
    const auto tag = static_cast<std::uint32_t>(keyHash(*keys_.get(slot)));
    std::size_t hole = tag & mask_;
    while (index_[hole].slot != slot) {
      hole = (hole + 1) & mask_;
    }
    // Shift back what would not be found across the hole.
    for (std::size_t at = (hole + 1) & mask_; index_[at].slot != kNoSlot; at = (at + 1) & mask_) {
      const std::size_t home = index_[at].tag & mask_;
      if (((at - home) & mask_) >= ((at - hole) & mask_)) {
        index_[hole] = index_[at];
        hole = at;
      }
    }
    index_[hole] = Entry{};
    keys_.erase(slot);
    free_.push_back(slot);
    --size_;
  }

 private:
  struct HalfHash {
    HalfHash() = default;
    HalfHash(std::uint64_t hash, Slot at) : tag(static_cast<std::uint32_t>(hash)), slot(at) {}
    bool sameHash(const HalfHash& other) const { return tag == other.tag; }
    std::uint32_t tag = 0;  // Low half of the hash; its low bits are the place to start from.
    Slot slot = kNoSlot;
  };
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
  using Entry = std::conditional_t<kExact, WholeHash, HalfHash>;
  static constexpr std::size_t kSmallest = 64;

  void place(Entry entry) {
    std::size_t at = entry.tag & mask_;
    while (index_[at].slot != kNoSlot) {
      at = (at + 1) & mask_;
    }
    index_[at] = entry;
  }
  void rehash(std::size_t capacity) {
    std::vector<Entry> old(capacity);
    old.swap(index_);
    mask_ = capacity - 1;
    for (const Entry& entry : old) {
      if (entry.slot != kNoSlot) {
        place(entry);
      }
    }
  }

  std::vector<Entry> index_;
  std::size_t mask_ = 0;
  Column<K> keys_;
  std::vector<Slot> free_;
  Slot next_ = 0;
  std::size_t size_ = 0;
};

}  // namespace weir::state
