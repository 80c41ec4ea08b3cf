#pragma once

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>

#include "common/record/same_bytes.h"
#include "common/state/keyed_backend.h"

namespace weir::state {

/// The backend of an operator keyed by K, on the heap.
template <typename K>
class KeyedBackendOf final : public KeyedBackend {
 public:
  /// Of so many keys the memory latency overlaps.
  static constexpr std::size_t kStage = 128;

  explicit KeyedBackendOf(std::uint32_t max_parallelism)
      : KeyedBackend(record::schemaOf<K>(), max_parallelism) {}

  /// slots[i] becomes the slot of keys[i], new keys get new ones; valid until endBatch(). Works in
  /// stages with prefetching, so that the memory latency of many keys overlaps. What it fetches
  /// fits the nearest caches for some hundred keys: resolve a large batch in parts.
  void resolve(const K* keys, std::size_t count, Slot* slots) {
    const std::size_t known = maybe_empty_.size();
    for (std::size_t done = 0; done < count; done += kStage) {
      resolveStage(keys + done, std::min(kStage, count - done), slots + done);
    }
    loaded(known, slots, count);
  }
  /// The same for keys that stand nowhere: one after another is asked for as `key_at(i)`.
  template <typename KeyAt>
  void resolveEach(KeyAt key_at, std::size_t count, Slot* slots) {
    const std::size_t known = maybe_empty_.size();
    for (std::size_t i = 0; i < count; ++i) {
      const K& key = key_at(i);
      slots[i] = directory_.findOrInsert(key, keyHash(key), maybe_empty_);
    }
    loaded(known, slots, count);
  }
  /// The same of keys in namespaces other than the empty one, whose numbers stay in use meanwhile.
  void resolveIn(const K* keys, const NamespaceId* namespaces, std::size_t count, Slot* slots) {
    const std::size_t known = maybe_empty_.size();
    for (std::size_t done = 0; done < count; done += kStage) {
      resolveStageIn(keys + done, namespaces + done, std::min(kStage, count - done), slots + done);
    }
    loaded(known, slots, count);
  }
  /// The slot of one key.
  Slot slotOf(const K& key, NamespaceId name_space = kNoNamespace) {
    const std::size_t known = maybe_empty_.size();
    const Slot slot = findOrInsert(key, name_space);
    loaded(known, &slot, 1);
    return slot;
  }
  /// The same of a key that has state in a namespace other than the empty one; else kNoSlot, or the
  /// slot of a key that proves to have none.
  Slot find(const K& key, NamespaceId name_space) {
    return tier_ != nullptr ? slotOf(key, name_space)
                            : directory_.find(key, keyHash(key), name_space);
  }
  /// Fetches what find() will look at, and the cells that it will find, for the keys of some slots
  /// (which may have none by now) in some namespaces other than the empty one. kStage of both, at
  /// most: product of the two.
  void prefetchIn(std::span<const Slot> slots, std::span<const NamespaceId> namespaces) const {
    Slot found[kStage];
    const std::size_t count = directory_.prefetchIn(slots, namespaces, found);
    for (const auto& column : columns()) {
      column->prefetch(found, count);
    }
  }
  void setCurrentKey(const K& key) { setCurrent(slotOf(key)); }
  /// Of a slot that has a key; valid until endBatch().
  const K& keyAt(Slot slot) const { return *directory_.keyAt(slot); }
  /// The key at hand, which there is.
  const K& currentKey() const { return keyAt(current()); }

  std::size_t keyCount() const override { return directory_.size(); }
  void writeKey(Slot slot, Writer& to) const override {
    record::write<K>(*directory_.keyAt(slot), to);
  }
  NamespaceId namespaceAt(Slot slot) const override { return directory_.namespaceAt(slot); }
  void writeName(Slot slot, Writer& to) const override {
    putNameOf(*directory_.keyAt(slot), max_parallelism_, to);
    endName(namespaces_.bytesOf(directory_.namespaceAt(slot)), to);
  }
  bool namesHoldKeys() const override { return kNamesHoldKeys; }
  std::size_t keyBytes() const override { return KeyDirectory<K>::kBytesPerKey; }
  bool keysOwn() const override { return !std::is_trivially_copyable_v<K>; }
  std::size_t ownedByKey(Slot slot) const override {
    return record::ownedBytes(*directory_.keyAt(slot));
  }
  std::unique_ptr<FrozenState> freeze() override {
    FrozenColumns columns = freezeColumns();
    if (columns.namespaces != nullptr) {
      columns.namespace_of = directory_.freezeNamespaces();
    }
    return std::make_unique<Frozen>(
        directory_.freezeKeys(), directory_.slotCount(), max_parallelism_, std::move(columns));
  }

 protected:
  Slot slotOfEncoded(std::string_view key, NamespaceId name_space) override {
    Reader from(key);
    const K decoded = record::read<K>(from);
    return from.failed() || from.remaining() != 0 ? kNoSlot : slotOf(decoded, name_space);
  }
  void fetch(std::span<const EncodedKey> keys) override {
    const std::size_t known = maybe_empty_.size();
    std::vector<Slot> slots;
    for (const EncodedKey& one : keys) {
      Reader from(one.key);
      const K key = record::read<K>(from);
      if (!from.failed()) {
        slots.push_back(findOrInsert(key, one.name_space));
      }
    }
    loaded(known, slots.data(), slots.size());
  }
  void prefetchEncoded(std::string_view key) const override {
    Reader from(key);
    directory_.prefetchIndex(keyHash(record::read<K>(from)));
  }
  void forget(Slot slot) override {
    if (const NamespaceId name_space = directory_.namespaceAt(slot); name_space != kNoNamespace) {
      namespaces_.release(name_space);
    }
    directory_.erase(slot);
  }
  void prefetchForget(Slot slot) const override { directory_.prefetchErase(slot); }
  std::optional<std::uint32_t> groupOfEncoded(std::string_view key) const override {
    Reader from(key);
    const K decoded = record::read<K>(from);
    if (from.failed() || from.remaining() != 0) {
      return std::nullopt;
    }
    return keyGroupOf(keyHash(decoded), max_parallelism_);
  }
  std::uint32_t groupOf(Slot slot) const override {
    return keyGroupOf(keyHash(*directory_.keyAt(slot)), max_parallelism_);
  }
  bool rewritesKeys() const override { return record::rewritesAlike<K>(); }
  bool exists(Slot slot) const override { return directory_.keyAt(slot) != nullptr; }
  Slot slotCount() const override { return directory_.slotCount(); }

 private:
  static constexpr bool kNamesHoldKeys = record::sameBytesWhenEqual<K>();

  static void putNameOf(const K& key, std::uint32_t max_parallelism, Writer& to) {
    beginName(keyGroupOf(keyHash(key), max_parallelism), to);
    if constexpr (kNamesHoldKeys) {
      record::write<K>(key, to);
    } else {
      record::writeKey(key, to);
    }
  }

  class Frozen final : public FrozenState {
   public:
    Frozen(std::unique_ptr<typename Column<K>::Frozen> keys,
           Slot slot_count,
           std::uint32_t max_parallelism,
           FrozenColumns columns)
        : keys_(std::move(keys)),
          slot_count_(slot_count),
          max_parallelism_(max_parallelism),
          columns_(std::move(columns)) {}

    bool share() override { return columns_.tier != nullptr && columns_.tier->share(); }

    Result<SharedTables> settle() override {
      return settleColumns(columns_, {{}, {}, *keys_, naming()}, kNamesHoldKeys);
    }

    Status write(SectionWriter& to) const override {
      if (columns_.tier != nullptr && columns_.tier->isShared() && columns_.raw.empty()) {
        return ok();
      }
      std::vector<std::uint32_t> group_of(slot_count_);
      std::vector<std::size_t> start(max_parallelism_ + 1);
      for (Slot slot = 0; slot < slot_count_; ++slot) {
        if (const K* key = keys_->get(slot)) {
          group_of[slot] = keyGroupOf(keyHash(*key), max_parallelism_);
          ++start[group_of[slot] + 1];
        }
      }
      std::partial_sum(start.begin(), start.end(), start.begin());
      std::vector<Slot> slots(start.back());
      std::vector<std::uint32_t> groups(start.back());
      for (Slot slot = 0; slot < slot_count_; ++slot) {
        if (keys_->get(slot) != nullptr) {
          const std::size_t at = start[group_of[slot]]++;
          slots[at] = slot;
          groups[at] = group_of[slot];
        }
      }
      return writeColumns(columns_, {slots, groups, *keys_, naming()}, to);
    }

   private:
    std::function<void(Slot, Writer&)> naming() const {
      return
          [this](Slot slot, Writer& name) { putNameOf(*keys_->get(slot), max_parallelism_, name); };
    }

    std::unique_ptr<typename Column<K>::Frozen> keys_;
    Slot slot_count_;
    std::uint32_t max_parallelism_;
    FrozenColumns columns_;
  };

  void resolveStage(const K* keys, std::size_t count, Slot* slots) {
    std::uint64_t hashes[kStage];
    for (std::size_t i = 0; i < count; ++i) {
      hashes[i] = keyHash(keys[i]);
      directory_.prefetchIndex(hashes[i]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      slots[i] = directory_.probe(hashes[i]);
      if constexpr (!KeyDirectory<K>::kExact) {
        if (slots[i] != kNoSlot) {
          directory_.prefetchKey(slots[i]);
        }
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      // A miss may be a key that came earlier in this batch; a hit of half a hash may be wrong.
      if (slots[i] == kNoSlot || !isKey(slots[i], keys[i])) [[unlikely]] {
        slots[i] = directory_.findOrInsert(keys[i], hashes[i], maybe_empty_);
      }
    }
    for (const auto& column : columns()) {
      column->prefetch(slots, count);
    }
  }

  void resolveStageIn(const K* keys,
                      const NamespaceId* namespaces,
                      std::size_t count,
                      Slot* slots) {
    std::uint64_t hashes[kStage];
    for (std::size_t i = 0; i < count; ++i) {
      hashes[i] = keyHash(keys[i]);
      directory_.prefetchIndex(hashes[i], namespaces[i]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      slots[i] = directory_.probe(hashes[i], namespaces[i]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (slots[i] == kNoSlot || !directory_.isOf(slots[i], keys[i], namespaces[i])) [[unlikely]] {
        slots[i] = findOrInsertIn(keys[i], hashes[i], namespaces[i]);
      }
    }
    for (const auto& column : columns()) {
      column->prefetch(slots, count);
    }
  }
  Slot findOrInsert(const K& key, NamespaceId name_space) {
    return name_space == kNoNamespace ? directory_.findOrInsert(key, keyHash(key), maybe_empty_)
                                      : findOrInsertIn(key, keyHash(key), name_space);
  }
  Slot findOrInsertIn(const K& key, std::uint64_t hash, NamespaceId name_space) {
    const std::size_t before = directory_.size();
    const Slot slot = directory_.findOrInsert(key, hash, name_space, maybe_empty_);
    if (directory_.size() != before) {
      namespaces_.use(name_space);
    }
    return slot;
  }

  bool isKey(Slot slot, const K& key) const {
    if constexpr (KeyDirectory<K>::kExact) {
      return true;
    } else {
      return keyEquals(*directory_.keyAt(slot), key);
    }
  }

  KeyDirectory<K> directory_;
};

}  // namespace weir::state
