#include "common/state/keyed_backend.h"

#include <algorithm>
#include <optional>
#include <set>

#include "common/schema/schema_match.h"
#include "common/state/cell_decoder.h"
#include "common/state/entry_digest.h"
#include "common/state/group_check.h"
#include "common/state/operator_state.h"
#include "common/state/section.h"

namespace weir::state {

namespace {

/// Entries that a restore reads between two looks at what goes down to a tier.
constexpr std::size_t kRestoreBatch = 1024;

Error otherKind(const StateInfo& old, std::string_view where, StateKind now) {
  return Error(ErrorCode::kInvalidArgument,
               "state '" + old.name + "' is " + std::string(toString(old.kind)) + " state " +
                   std::string(where) + " and " + std::string(toString(now)) + " state now")
      .advise("give the new state another name");
}

}  // namespace

KeyedBackend::~KeyedBackend() = default;

void KeyedBackend::dropUnclaimed() {
  const bool held_any =
      std::any_of(raw_.begin(), raw_.end(), [](const RawState& raw) { return raw.entries > 0; });
  raw_.clear();
  if (!held_any) {
    return;
  }
  for (Slot slot = 0; slot < slotCount(); ++slot) {
    maybe_empty_.push_back(slot);
  }
  dropEmptyKeys();
}

Result<ColumnBase*> KeyedBackend::lookUp(std::string_view name, StateKind kind) {
  for (const auto& column : columns_) {
    if (column->info().name == name) {
      if (column->info().kind != kind) {
        return otherKind(column->info(), "in this operator already", kind);
      }
      return column.get();
    }
  }
  return static_cast<ColumnBase*>(nullptr);
}

Result<ColumnBase*> KeyedBackend::anyColumn(const StateInfo& info, MakeColumn make) {
  WEIR_TRY(ColumnBase* const known, lookUp(info.name, info.kind));
  return known != nullptr ? known : add(make(info, &current_));
}

ColumnBase* KeyedBackend::renamed(const SectionReader& from, const std::string& name) {
  const auto known = [&](const std::string& other) {
    return std::ranges::any_of(from.states(), [&](const StateSummary& one) {
      return isKeyed(one.kind) && one.name == other;
    });
  };
  for (const auto& column : columns_) {
    if (isNowOf(column->info().name, column->info().former_names, name, known)) {
      return column.get();
    }
  }
  return nullptr;
}

Result<ColumnBase*> KeyedBackend::add(std::unique_ptr<ColumnBase> column) {
  const StateInfo& info = column->info();
  const auto known = [&](const std::string& name) {
    return std::ranges::any_of(raw_, [&](const RawState& raw) { return raw.written.name == name; });
  };
  const auto isOurs = [&](const RawState& raw) {
    return isNowOf(info.name, info.former_names, raw.written.name, known);
  };
  std::vector<RawState*> ours;
  for (RawState& raw : raw_) {
    if (isOurs(raw)) {
      ours.push_back(&raw);
    }
  }
  for (const RawState* raw : ours) {
    if (raw->written.kind != info.kind) {
      return otherKind(raw->written, "in the snapshot", info.kind);
    }
  }
  std::set<std::string> claimed;
  for (RawState* raw : ours) {
    WEIR_RETURN_IF_ERROR(claim(*column, *raw));
    claimed.insert(raw->written.name);
  }
  std::erase_if(raw_, [&](const RawState& raw) { return claimed.contains(raw.written.name); });
  columns_.push_back(std::move(column));
  if (tier_ != nullptr) {
    std::vector<Slot> known;
    for (Slot slot = 0; slot < slotCount(); ++slot) {
      if (exists(slot)) {
        known.push_back(slot);
      }
    }
    tier_->load(*columns_.back(), known);
  }
  return columns_.back().get();
}

Error KeyedBackend::otherType(const ColumnBase& known, const record::Schema& now) {
  return Error(ErrorCode::kInvalidArgument,
               "state '" + known.info().name + "' is asked for as " + record::describeSchema(now) +
                   ", and was asked for as another type with " +
                   record::describeSchema(known.info().schema) + " before")
      .advise("use one type per state name");
}

Status KeyedBackend::claim(ColumnBase& column, RawState& raw) {
  WEIR_TRY(const bool migrate,
           needsMigration(column.info().name, raw.written.schema, column.info().schema));
  CellDecoder decoder(column, raw.written.schema, migrate);
  for (Slot slot = 0; slot < slotCount(); ++slot) {
    if (const std::string* bytes = raw.cells->get(slot)) {
      WEIR_RETURN_IF_ERROR(decoder.decode(slot, *bytes));
      if (!migrate) {
        WEIR_RETURN_IF_ERROR(decoder.compare(slot, *bytes));
      }
      if (tier_ != nullptr) {
        tier_->use({}, {&slot, 1}, {});
      }
    }
  }
  if (migrate && raw.entries > 0) {
    for (const std::string& member :
         record::goneMembers(raw.written.schema, column.info().schema)) {
      dropped_members_.push_back("state '" + raw.written.name + "': member '" + member +
                                 "', which the program's type has no more (" +
                                 std::to_string(raw.entries) + " entries here)");
    }
  }
  return ok();
}

Status KeyedBackend::restore(const SectionReader& from,
                             KeyGroupRange range,
                             const std::vector<std::string>& dropped) {
  if (tier_ != nullptr) {
    tier_->beginRestore();
  }
  for (std::size_t state = 0; state < from.states().size(); ++state) {
    const StateSummary& summary = from.states()[state];
    if (isKeyed(summary.kind) &&
        std::find(dropped.begin(), dropped.end(), summary.name) == dropped.end()) {
      WEIR_RETURN_IF_ERROR(restoreState(from, state, range));
    }
  }
  endBatchOfRestore();
  if (tier_ == nullptr) {
    return checkCounts(from);
  }
  tier_->endRestore(columns_);  // It has taken entries down: they cannot be counted.
  return ok();
}

Status KeyedBackend::checkCounts(const SectionReader& from) const {
  for (const auto& [name, restored] : restored_) {
    std::uint64_t held = 0;
    for (const auto& column : columns_) {
      held += column->info().name == name ? column->count() : 0;
    }
    for (const RawState& raw : raw_) {
      held += raw.written.name == name ? raw.cells->count() : 0;
    }
    if (held != restored.entries) {
      return from.corrupt("state '" + name + "' has " + std::to_string(held) + " entries after " +
                          std::to_string(restored.entries) + " were restored");
    }
  }
  return ok();
}

Status KeyedBackend::noteGroups(const SectionReader& from, std::size_t state, KeyGroupRange range) {
  const ColumnBase* column = renamed(from, from.states()[state].name);
  Restored& restored =
      restored_[column != nullptr ? column->info().name : from.states()[state].name];
  restored.groups.resize(max_parallelism_);
  for (const GroupSummary& one : from.groups(state)) {
    if (!range.contains(one.group)) {
      continue;
    }
    const std::string what =
        "key group " + std::to_string(one.group) + " of state '" + from.states()[state].name + "' ";
    if (one.group >= max_parallelism_) {
      return from.corrupt(what + "is beyond the maximum parallelism, " +
                          std::to_string(max_parallelism_));
    }
    if (restored.groups[one.group]) {
      return from.corrupt(what + "comes a second time: it stands in another section too");
    }
    restored.groups[one.group] = true;
    restored.entries += one.entries;
  }
  return ok();
}

/// One state of one section on its way into the tables.
class KeyedBackend::Intake {
 public:
  Intake(KeyedBackend& into, const SectionReader& from, std::size_t state, GroupCheck& check)
      : into_(into),
        from_(from),
        summary_(from.states()[state]),
        check_(check),
        hash_(summary_.key_schema, summary_.value_schema) {}

  /// Finds out where the entries go, and how.
  Status begin() {
    WEIR_TRY(
        migrate_key_,
        needsMigration(summary_.name, summary_.key_schema, into_.key_schema_).during("the key"));
    column_ = into_.renamed(from_, summary_.name);
    if (column_ != nullptr && column_->info().kind != summary_.kind) {
      return otherKind(column_->info(), "in this operator already", summary_.kind);
    }
    if (column_ != nullptr) {
      WEIR_TRY(migrate_,
               needsMigration(summary_.name, summary_.value_schema, column_->info().schema));
      decoder_.emplace(*column_, summary_.value_schema, migrate_);
    } else {
      raw_ = &into_.rawFor({summary_.name, summary_.kind, summary_.mode, summary_.value_schema});
    }
    return ok();
  }

  /// Takes an entry; what finish() has not been called behind may still wait to be put anywhere.
  Status take(const SectionReader::Entry& entry) {
    const std::size_t size = entry.key.size() + entry.name_space.size() + entry.value.size();
    if (size > kLargestWaiting) {
      WEIR_RETURN_IF_ERROR(finish());
      return put(entry);
    }
    if (!migrate_key_) {
      into_.prefetchEncoded(entry.key);
    }
    waiting_.push_back(
        {entry.key_group, entry.key.size(), entry.name_space.size(), entry.value.size()});
    bytes_.append(entry.key).append(entry.name_space).append(entry.value);
    return waiting_.size() < kMostWaiting ? ok() : finish();
  }
  /// Puts what waits where it belongs.
  Status finish() {
    std::string_view bytes = bytes_;
    const auto next = [&bytes](std::size_t count) {
      const std::string_view part = bytes.substr(0, count);
      bytes.remove_prefix(count);
      return part;
    };
    for (const Waiting& one : waiting_) {
      // Braces: in this order.
      const SectionReader::Entry entry{
          one.group, next(one.key), next(one.name_space), next(one.value)};
      WEIR_RETURN_IF_ERROR(put(entry));
    }
    waiting_.clear();
    bytes_.clear();
    return ok();
  }

 private:
  /// An entry whose bytes stand in bytes_, behind those of the one before.
  struct Waiting {
    std::uint32_t group = 0;
    std::size_t key = 0;
    std::size_t name_space = 0;
    std::size_t value = 0;
  };
  // Looked up together, so that the memory latency of their keys overlaps.
  static constexpr std::size_t kMostWaiting = 32;
  static constexpr std::size_t kLargestWaiting = 4096;  // In bytes; a copy would cost more.

  /// Puts an entry where it belongs, and counts what stands there then.
  Status put(const SectionReader::Entry& entry) {
    std::string_view key = entry.key;
    if (migrate_key_) {
      WEIR_RETURN_IF_ERROR(migrateBytes(key, summary_.key_schema, into_.key_schema_, key_bytes_));
      key = key_bytes_.view();
    }
    const Slot slot = into_.slotOfEncoded(key, into_.namespaces_.idOf(entry.name_space));
    if (slot == kNoSlot) {
      return from_.corrupt("a key of state '" + summary_.name + "' is no " +
                           record::describeSchema(into_.key_schema_));
    }
    if (const std::uint32_t group = into_.groupOf(slot); group != entry.key_group) {
      return elsewhere(entry.key_group, group);
    }
    if (raw_ != nullptr ? raw_->cells->has(slot) : column_->has(slot)) {
      return twice(entry.key_group);
    }
    if (raw_ != nullptr) {
      raw_->cells->set(slot, std::string(entry.value));
      ++raw_->entries;
    } else if (const Status decoded = decoder_->decode(slot, entry.value); !decoded) {
      return decoded.error().code() == ErrorCode::kCorruption
                 ? Status(from_.corrupt(decoded.error().message()))
                 : decoded;
    }
    return check_.add(entry.key_group,
                      hash_.of(keyAt(slot, entry), entry.name_space, valueAt(slot, entry)));
  }

  /// What the table holds, as it was written; what was written where the table holds it otherwise.
  std::string_view keyAt(Slot slot, const SectionReader::Entry& entry) {
    if (migrate_key_ || !into_.rewritesKeys()) {
      return entry.key;
    }
    key_bytes_.clear();
    into_.writeKey(slot, key_bytes_);
    return key_bytes_.view();
  }
  std::string_view valueAt(Slot slot, const SectionReader::Entry& entry) {
    if (raw_ != nullptr) {
      return *raw_->cells->get(slot);
    }
    if (migrate_ || !column_->rewritesAlike()) {
      return entry.value;
    }
    value_bytes_.clear();
    column_->write(slot, value_bytes_);
    return value_bytes_.view();
  }

  Error elsewhere(std::uint32_t written, std::uint32_t group) const {
    const std::string what = "a key of state '" + summary_.name + "' was written into key group " +
                             std::to_string(written);
    if (!migrate_key_) {
      return from_.corrupt(what + " and belongs to key group " + std::to_string(group));
    }
    return Error(ErrorCode::kInvalidArgument,
                 what + " and belongs to key group " + std::to_string(group) +
                     " as the program's type: keys were " +
                     record::describeSchema(summary_.key_schema) + " and are " +
                     record::describeSchema(into_.key_schema_) + " now")
        .advise("key the stream as before, or leave the state out with --drop UID/STATE");
  }
  Error twice(std::uint32_t group) const {
    const std::string what = "key group " + std::to_string(group) + " of state '" + summary_.name;
    if (!migrate_key_) {
      return from_.corrupt(what + "' has an entry twice");
    }
    return Error(ErrorCode::kInvalidArgument,
                 what + "' has two keys that are one as the program's type: keys were " +
                     record::describeSchema(summary_.key_schema) + " and are " +
                     record::describeSchema(into_.key_schema_) + " now")
        .advise("key the stream as before, or leave the state out with --drop UID/STATE");
  }

  KeyedBackend& into_;
  const SectionReader& from_;
  const StateSummary& summary_;  // The section's.
  GroupCheck& check_;            // Our caller's.
  EntryDigest hash_;
  ColumnBase* column_ = nullptr;  // One of the backend's; else raw_ is.
  RawState* raw_ = nullptr;
  std::optional<CellDecoder> decoder_;  // Of column_.
  bool migrate_key_ = false;
  bool migrate_ = false;
  Writer key_bytes_;
  Writer value_bytes_;
  std::vector<Waiting> waiting_;
  std::string bytes_;
};

Status KeyedBackend::restoreState(const SectionReader& from,
                                  std::size_t state,
                                  KeyGroupRange range) {
  WEIR_RETURN_IF_ERROR(noteGroups(from, state, range));
  GroupCheck check(from, state, range);
  Intake intake(*this, from, state, check);
  std::size_t taken = 0;
  WEIR_RETURN_IF_ERROR(intake.begin());
  WEIR_RETURN_IF_ERROR(
      from.readKeyed(state, range, [&](const SectionReader::Entry& entry) -> Status {
        WEIR_RETURN_IF_ERROR(intake.take(entry));
        if (++taken % kRestoreBatch == 0) {
          endBatchOfRestore();
        }
        return ok();
      }));
  WEIR_RETURN_IF_ERROR(intake.finish());
  return check.finish();
}

RawState& KeyedBackend::rawFor(const StateInfo& written) {
  for (RawState& raw : raw_) {
    if (raw.written.name == written.name && raw.written.kind == written.kind &&
        raw.written.schema == written.schema) {
      return raw;
    }
  }
  raw_.push_back({written, std::make_unique<Column<std::string>>(written, &current_), 0});
  return raw_.back();
}

}  // namespace weir::state
