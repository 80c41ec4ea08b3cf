#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "common/record/key_hash.h"
#include "common/state/column.h"
#include "common/state/namespace_table.h"
#include "common/state/slot_index.h"

namespace weir::state {

/// Which slot a key lives in, in each namespace; the keys stand beside in a column. Belongs to its
/// backend's thread.
///
/// XXH3 is a bijection on 8 bytes. So for keys that are one word the index of the empty namespace
/// holds the whole hash, and finds a key without a look at it; else it holds half, and the key
/// decides. Keys in other namespaces have an index of their own: those of the empty one do not pay
/// for them.
template <typename K>
class KeyDirectory {
 public:
  /// probe() needs no second look.
  static constexpr bool kExact = record::WordKey<K>;
  using Index = SlotIndex<std::conditional_t<kExact, WholeHash, HalfHash>>;
  /// What a key takes here, about.
  static constexpr std::size_t kBytesPerKey = sizeof(K) + Index::kBytesPerSlot;

  KeyDirectory() : keys_(StateInfo{}, nullptr), namespaces_(StateInfo{}, nullptr) {}

  std::size_t size() const { return size_; }
  /// Slots are below this.
  Slot slotCount() const { return next_; }
  const K* keyAt(Slot slot) const { return keys_.get(slot); }
  NamespaceId namespaceAt(Slot slot) const {
    const NamespaceId* found = namespaces_.get(slot);
    return found == nullptr ? kNoNamespace : *found;
  }
  std::unique_ptr<typename Column<K>::Frozen> freezeKeys() { return keys_.freezeTyped(); }
  /// Of the slots that are in another namespace than the empty one.
  std::unique_ptr<Column<NamespaceId>::Frozen> freezeNamespaces() {
    return namespaces_.freezeTyped();
  }

  /// Where the search for a hash begins; fetched ahead of find().
  void prefetchIndex(std::uint64_t hash) const { plain_.prefetch(hash); }
  /// The slot that has this hash's key, probably (kExact: certainly), or kNoSlot.
  Slot probe(std::uint64_t hash) const {
    return plain_.find(hash, [](Slot) { return true; });
  }
  void prefetchKey(Slot slot) const { keys_.prefetch(&slot, 1); }

  Slot find(const K& key, std::uint64_t hash) const {
    if constexpr (kExact) {
      return probe(hash);
    }
    return plain_.find(hash, [&](Slot slot) { return keyEquals(keys_.at(slot), key); });
  }
  Slot find(const K& key, std::uint64_t hash, NamespaceId name_space) const {
    if (name_space == kNoNamespace) {
      return find(key, hash);
    }
    return named_.find(mixed(hash, name_space), [&](Slot slot) {
      return namespaces_.at(slot) == name_space && keyEquals(keys_.at(slot), key);
    });
  }
  // For many keys at once, each in a namespace other than the empty one.
  void prefetchIndex(std::uint64_t hash, NamespaceId name_space) const {
    named_.prefetch(mixed(hash, name_space));
  }
  /// The same for each key of some slots, which may have none by now, in each of some namespaces.
  /// `found`: the slots that are theirs, probably. Returns how many.
  std::size_t prefetchIn(std::span<const Slot> slots,
                         std::span<const NamespaceId> namespaces,
                         Slot* found) const {
    keys_.prefetch(slots.data(), slots.size());
    for (const Slot slot : slots) {
      for (const NamespaceId one : namespaces) {
        prefetchIndex(hashAt(slot), one);
      }
    }
    std::size_t count = 0;
    for (const Slot slot : slots) {
      for (const NamespaceId one : namespaces) {
        found[count] = probe(hashAt(slot), one);
        count += found[count] == kNoSlot ? 0 : 1;
      }
    }
    return count;
  }
  /// The slot that is theirs, probably, or kNoSlot; its key and namespace are fetched.
  Slot probe(std::uint64_t hash, NamespaceId name_space) const {
    const Slot slot = named_.find(mixed(hash, name_space), [](Slot) { return true; });
    if (slot != kNoSlot) {
      keys_.prefetch(&slot, 1);
      namespaces_.prefetch(&slot, 1);
    }
    return slot;
  }
  /// Of a slot that probe() gave.
  bool isOf(Slot slot, const K& key, NamespaceId name_space) const {
    return namespaces_.at(slot) == name_space && keyEquals(keys_.at(slot), key);
  }

  /// find(), else a slot of its own, which is also appended to `fresh`.
  Slot findOrInsert(const K& key, std::uint64_t hash, std::vector<Slot>& fresh) {
    if (const Slot found = find(key, hash); found != kNoSlot) [[likely]] {
      return found;
    }
    const Slot slot = add(key, fresh);
    plain_.insert(hash, slot);
    return slot;
  }
  Slot findOrInsert(const K& key,
                    std::uint64_t hash,
                    NamespaceId name_space,
                    std::vector<Slot>& fresh) {
    if (name_space == kNoNamespace) {
      return findOrInsert(key, hash, fresh);
    }
    if (const Slot found = find(key, hash, name_space); found != kNoSlot) {
      return found;
    }
    const Slot slot = add(key, fresh);
    namespaces_.set(slot, name_space);
    named_.insert(mixed(hash, name_space), slot);
    return slot;
  }
  /// Fetches what erase() will look at.
  void prefetchErase(Slot slot) const {
    const std::uint64_t hash = keyHash(keys_.at(slot));
    if (const NamespaceId name_space = namespaceAt(slot); name_space != kNoNamespace) {
      named_.prefetch(mixed(hash, name_space));
    } else {
      plain_.prefetch(hash);
    }
  }
  /// Forgets the key of a slot, which another key may get from now on.
  void erase(Slot slot) {
    const std::uint64_t hash = keyHash(keys_.at(slot));
    if (const NamespaceId name_space = namespaceAt(slot); name_space != kNoNamespace) {
      named_.erase(mixed(hash, name_space), slot);
      namespaces_.erase(slot);
    } else {
      plain_.erase(hash, slot);
    }
    keys_.erase(slot);
    free_.push_back(slot);
    --size_;
  }

 private:
  static std::uint64_t mixed(std::uint64_t hash, NamespaceId name_space) {
    return hash ^ (name_space * 0x9E3779B97F4A7C15ULL);  // 2^64 / golden ratio.
  }
  std::uint64_t hashAt(Slot slot) const {
    const K* key = keys_.get(slot);
    return key == nullptr ? 0 : keyHash(*key);
  }
  Slot add(const K& key, std::vector<Slot>& fresh) {
    Slot slot = next_;
    if (free_.empty()) {
      ++next_;
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    keys_.set(slot, key);
    ++size_;
    fresh.push_back(slot);
    return slot;
  }

  Index plain_;
  SlotIndex<HalfHash> named_;
  Column<K> keys_;
  Column<NamespaceId> namespaces_;  // Without cells for slots in the empty one.
  std::vector<Slot> free_;
  Slot next_ = 0;
  std::size_t size_ = 0;
};

}  // namespace weir::state
