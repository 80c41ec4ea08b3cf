#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/record/key_hash.h"
#include "common/schema/key_group.h"
#include "common/state/column.h"
#include "common/state/column_tier.h"
#include "common/state/descriptors.h"
#include "common/state/expiry.h"
#include "common/state/key_directory.h"
#include "common/state/namespace_table.h"
#include "common/state/state_size.h"

namespace weir::state {

class SectionReader;
class SectionWriter;

/// The keyed state of one operator at one instant. Written by one thread, any; may outlive the
/// backend.
class FrozenState {
 public:
  virtual ~FrozenState() = default;
  /// Writes every state with the backend's key schema, grouped by key group. Does not finish the
  /// section: operator state may follow.
  virtual Status write(SectionWriter& to) const = 0;
  /// On the backend's thread, before anything else happens to it: asks that what lies in a tier,
  /// and what memory holds of the same states, becomes files that snapshots share. False: there are
  /// none, and write() writes all. True: settle() comes next, and write() writes what they lack.
  virtual bool share() { return false; }
  /// On one thread, any.
  virtual Result<SharedTables> settle() {
    return Error(ErrorCode::kInternal, "state that is not shared was to be settled");
  }
  /// What to call if the snapshot is given up before anybody owns it; empty if there is nothing to
  /// do. May outlive this; runs user code.
  virtual std::function<void()> onAbandoned() const { return {}; }
};

/// State of a snapshot that no descriptor has claimed yet, as it was written.
struct RawState {
  StateInfo written;
  std::unique_ptr<Column<std::string>> cells;
  std::uint64_t entries = 0;  ///< Of this subtask.
};

/// All keyed state of one operator in one subtask, untyped: states by name, and the key at hand.
///
/// Belongs to the subtask's thread. States live as long as the backend. A key exists while one of
/// its states holds something: keys found empty at endBatch() are forgotten. Wherever a slot is
/// that of a key, it is that of a key in a namespace, the empty one if none is named.
class KeyedBackend {
 public:
  virtual ~KeyedBackend();
  KeyedBackend(const KeyedBackend&) = delete;
  KeyedBackend& operator=(const KeyedBackend&) = delete;

  /// The namespaces that keys are in beside the empty one.
  NamespaceTable& namespaces() { return namespaces_; }
  const record::Schema& keySchema() const { return key_schema_; }
  bool hasStates() const { return !columns_.empty(); }
  /// States that have been asked for, in that order.
  const std::vector<std::unique_ptr<ColumnBase>>& columns() const { return columns_; }
  /// States of the restored snapshot that nobody has asked for yet; snapshots keep them.
  const std::vector<RawState>& unclaimed() const { return raw_; }
  /// Forgets them, and the keys that have no other state.
  void dropUnclaimed();
  /// Members of structs that restored states had and their types have no more, a sentence each.
  const std::vector<std::string>& droppedMembers() const { return dropped_members_; }

  /// Makes the key of `slot` the one that states speak of. kNoSlot: none.
  void setCurrent(Slot slot) {
    current_ = slot;
    used_at_.reset();
  }
  const Slot& current() const { return current_; }

  /// The column of a state, made at the first call, filled from the snapshot if that has it.
  /// Errors: kInvalidArgument when the name is taken by another kind or type here, or when the
  /// snapshot's schema does not fit.
  template <typename Descriptor>
  Result<Column<typename Descriptor::Cell>*> column(const Descriptor& descriptor) {
    return columnOf<typename Descriptor::Cell>(infoOf(descriptor));
  }
  /// The same of a state whose cells are V.
  template <typename V>
  Result<Column<V>*> columnOf(const StateInfo& info) {
    WEIR_TRY(ColumnBase * known, anyColumn(info, [](const StateInfo& one, const Slot* current) {
               return std::unique_ptr<ColumnBase>(new Column<V>(one, current));
             }));
    auto* typed = dynamic_cast<Column<V>*>(known);
    if (typed == nullptr) {
      return otherType(*known, record::schemaOf<V>());
    }
    return typed;
  }

  /// The states that expire, and the time of day that they go by, in milliseconds since the epoch.
  Expiries& expiries();
  /// As Expiries::setTicker(), also for states that are asked for later.
  void setTicker(std::function<void(std::int64_t time)> ask);
  void setClock(std::function<std::int64_t()> clock) { clock_ = std::move(clock); }
  std::int64_t now() const;
  /// What now() was when it was first asked for the key at hand: so nothing that a function holds
  /// of a state expires while it handles one record.
  std::int64_t timeOfUse() { return used_at_ ? *used_at_ : used_at_.emplace(now()); }

  /// Puts a tier below the columns, before there are keys.
  void setTier(std::unique_ptr<ColumnTier> tier) { tier_ = std::move(tier); }
  bool hasTier() const { return tier_ != nullptr; }
  /// Null where there is none.
  ColumnTier* tier() const { return tier_.get(); }
  /// The slot of a key that writeKey() has written, made if need be.
  Slot slotOfKey(std::string_view key, NamespaceId in) { return slotOfEncoded(key, in); }
  /// Brings what lies below of several keys up together, for slotOfKey() to find soon.
  virtual void fetch(std::span<const EncodedKey> keys) = 0;
  /// Calls `here` with the slot of each key in memory that has a cell of `column`, and `below` with
  /// each of its cells that lies in the tier, until one of them answers false. Errors: those of the
  /// tier.
  Status forCells(const ColumnBase& column,
                  const std::function<bool(Slot)>& here,
                  const std::function<bool(const FrozenTier::Entry&)>& below);
  /// Appends the encoded key of a slot.
  virtual void writeKey(Slot slot, Writer& to) const = 0;
  virtual NamespaceId namespaceAt(Slot slot) const = 0;
  /// For a tier: appends the name of the key of a slot. Equal keys have equal names. Where names do
  /// not hold the encoded key (-0.0 has the name of 0.0), it is kept beside.
  virtual void writeName(Slot slot, Writer& to) const = 0;
  virtual bool namesHoldKeys() const = 0;
  /// For a tier: what a key in memory takes beside its cells, about, and what it owns elsewhere.
  virtual std::size_t keyBytes() const = 0;
  virtual bool keysOwn() const = 0;
  virtual std::size_t ownedByKey(Slot slot) const = 0;
  /// For a tier: whether the state that nobody has asked for yet holds a key in memory.
  bool isHeld(Slot slot) const;
  /// For a tier: forgets a key with its cells, which lie below; not one that isHeld().
  void evict(Slot slot);

  /// To be told by states that a cell changes whose key no batch has resolved.
  void noteUsed(Slot slot);
  /// To be told by states that a cell was cleared, so that its key may go.
  void noteCleared(Slot slot) { maybe_empty_.push_back(slot); }
  /// Forgets keys that have no state left. Slots handed out before are void afterwards.
  void endBatch() {
    setCurrent(kNoSlot);
    if (expiries_ != nullptr) [[unlikely]] {
      expiries_->sweep();
    }
    if (!maybe_empty_.empty()) {
      dropEmptyKeys();
    }
    if (tier_ != nullptr) [[unlikely]] {
      endBatchOfTier();
    }
  }

  /// Of keys in memory.
  virtual std::size_t keyCount() const = 0;
  /// What each state that was asked for holds. Looks at a bounded number of cells.
  std::vector<StateSize> sizes() const;
  /// A consistent view, in O(keys / 1000); later writes copy what they touch.
  virtual std::unique_ptr<FrozenState> freeze() = 0;

  /// Adds the keyed states of a section whose key groups are in `range`, except those named in
  /// `dropped`. Call it for every section that may hold some, before the first record. States asked
  /// for already are matched by name and kind; others wait for column().
  /// What is in the tables afterwards is compared with the digests of the section, key group by key
  /// group, in the section's own encoding: before migration.
  /// Errors: kInvalidArgument, old and new side by side, when key or state schemas do not fit or a
  /// state has another kind now; kCorruption, naming state, group and file, also when a group comes
  /// a second time.
  Status restore(const SectionReader& from,
                 KeyGroupRange range,
                 const std::vector<std::string>& dropped = {});

 protected:
  friend class KeyedCheck;  // Does what restore() does, and keeps nothing.
  friend class Expiries;    // Looks at one key after another.

  /// `slots` were found for a batch; keys that are new in memory stand in maybe_empty_ from
  /// `known` on.
  void loaded(std::size_t known, const Slot* slots, std::size_t count) {
    if (tier_ != nullptr) [[unlikely]] {
      load(known, slots, count);
    }
  }

  KeyedBackend(record::Schema key_schema, std::uint32_t max_parallelism)
      : max_parallelism_(max_parallelism), key_schema_(std::move(key_schema)) {}

  /// The slot of an encoded key, made if need be; kNoSlot when the bytes are no key.
  virtual Slot slotOfEncoded(std::string_view key, NamespaceId name_space) = 0;
  /// Fetches what slotOfEncoded() will look at.
  virtual void prefetchEncoded(std::string_view key) const = 0;
  /// The key group of an encoded key; nothing when the bytes are no key.
  virtual std::optional<std::uint32_t> groupOfEncoded(std::string_view key) const = 0;
  /// The key group of the key of a slot that has one.
  virtual std::uint32_t groupOf(Slot slot) const = 0;
  /// Whether writeKey() gives the content back that slotOfEncoded() took.
  virtual bool rewritesKeys() const = 0;
  virtual void forget(Slot slot) = 0;
  /// Fetches what forget() will look at, of a slot that has a key.
  virtual void prefetchForget(Slot /*slot*/) const {}
  virtual bool exists(Slot slot) const = 0;
  virtual Slot slotCount() const = 0;

  struct FrozenColumns {
    std::vector<std::pair<StateInfo, std::unique_ptr<FrozenColumn>>> columns;
    std::vector<StateInfo> raw_infos;
    std::vector<std::unique_ptr<Column<std::string>::Frozen>> raw;
    record::Schema key_schema;
    // Both null while all keys are in the empty namespace.
    std::unique_ptr<Column<NamespaceId>::Frozen> namespace_of;  // By slot.
    std::unique_ptr<Column<std::string>::Frozen> namespaces;    // By number.
    std::unique_ptr<FrozenTier> tier;                           // Null: nothing lies below.

    std::string_view nameSpace(Slot slot) const {
      const NamespaceId* id = namespaces == nullptr ? nullptr : namespace_of->get(slot);
      return id == nullptr ? std::string_view() : std::string_view(*namespaces->get(*id));
    }
  };
  FrozenColumns freezeColumns();
  /// Keys as they were frozen.
  struct FrozenKeys {
    const std::vector<Slot>& slots;             // Ordered by group.
    const std::vector<std::uint32_t>& groups;   // Parallel.
    const FrozenColumn& keys;                   // By slot.
    std::function<void(Slot, Writer&)> naming;  // As writeName(), of the empty namespace.
  };
  /// Writes the entries of all keys, those below too.
  static Status writeColumns(const FrozenColumns& frozen,
                             const FrozenKeys& keys,
                             SectionWriter& to);
  /// Makes tables of the columns and what lies below them; `slots` and `groups` are not looked at.
  static Result<SharedTables> settleColumns(const FrozenColumns& frozen,
                                            const FrozenKeys& keys,
                                            bool names_hold_keys);

  Slot current_ = kNoSlot;
  std::optional<std::int64_t> used_at_;  // Of timeOfUse().
  std::vector<Slot> maybe_empty_;        // Inserted or cleared in this batch.
  NamespaceTable namespaces_;
  std::unique_ptr<ColumnTier> tier_;  // Null: the columns hold everything.
  std::uint32_t max_parallelism_;

 private:
  std::unique_ptr<Expiries> expiries_;             // Null: no state expires.
  std::function<std::int64_t()> clock_;            // Empty: the machine's.
  std::function<void(std::int64_t time)> ticker_;  // Of expiries_.
  Result<ColumnBase*> lookUp(std::string_view name, StateKind kind);
  /// The column that a state of `from` belongs to under its former name; null if there is none.
  ColumnBase* renamed(const SectionReader& from, const std::string& name);
  Result<ColumnBase*> add(std::unique_ptr<ColumnBase> column);
  using MakeColumn = std::unique_ptr<ColumnBase> (*)(const StateInfo&, const Slot*);
  /// The column of this name, or one that `make` makes.
  Result<ColumnBase*> anyColumn(const StateInfo& info, MakeColumn make);
  static Error otherType(const ColumnBase& known, const record::Schema& now);
  Status claim(ColumnBase& column, RawState& raw);
  class Intake;
  /// What came of one state of a snapshot.
  struct Restored {
    std::vector<bool> groups;  // By key group.
    std::uint64_t entries = 0;
  };
  Status restoreState(const SectionReader& from, std::size_t state, KeyGroupRange range);
  Status noteGroups(const SectionReader& from, std::size_t state, KeyGroupRange range);
  Status checkCounts(const SectionReader& from) const;
  RawState& rawFor(const StateInfo& written);
  void dropEmptyKeys();
  void load(std::size_t known, const Slot* slots, std::size_t count);
  void endBatchOfTier();
  void endBatchOfRestore();

  record::Schema key_schema_;
  std::vector<std::unique_ptr<ColumnBase>> columns_;
  std::vector<RawState> raw_;
  std::map<std::string, Restored> restored_;  // By name of the state.
  std::vector<std::string> dropped_members_;  // Of states that were asked for late.
};

}  // namespace weir::state
