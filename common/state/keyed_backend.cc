#include "common/state/keyed_backend.h"

#include <algorithm>

#include "common/schema/schema_match.h"
#include "common/state/operator_state.h"
#include "common/state/section.h"

namespace weir::state {

namespace {

Error otherKind(const StateInfo& old, std::string_view where, StateKind now) {
  return Error(ErrorCode::kInvalidArgument,
               "state '" + old.name + "' is " + std::string(toString(old.kind)) + " state " +
                   std::string(where) + " and " + std::string(toString(now)) + " state now")
      .advise("give the new state another name");
}

/// Rewrites `bytes` under another schema, into `to`.
Status migrateBytes(std::string_view bytes,
                    const record::Schema& written,
                    const record::Schema& now,
                    Writer& to) {
  to.clear();
  Reader from(bytes);
  record::migrateValue(from, written, now, to);
  if (from.failed() || from.remaining() != 0) {
    return Error(ErrorCode::kCorruption,
                 "an entry of the snapshot is no " + record::describeSchema(written));
  }
  return ok();
}

/// Decodes a value into a cell.
Status restoreCell(ColumnBase& column,
                   Slot slot,
                   std::string_view bytes,
                   const record::Schema& written,
                   bool migrate) {
  Writer migrated;
  if (migrate) {
    WEIR_RETURN_IF_ERROR(migrateBytes(bytes, written, column.info().schema, migrated));
    bytes = migrated.view();
  }
  Reader from(bytes);
  column.restore(slot, from);
  if (from.failed() || from.remaining() != 0) {
    return Error(ErrorCode::kCorruption,
                 "an entry of state '" + column.info().name + "' is no " +
                     record::describeSchema(column.info().schema));
  }
  return ok();
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

Result<ColumnBase*> KeyedBackend::add(std::unique_ptr<ColumnBase> column) {
  const StateInfo& info = column->info();
  for (const RawState& raw : raw_) {
    if (raw.written.name == info.name && raw.written.kind != info.kind) {
      return otherKind(raw.written, "in the snapshot", info.kind);
    }
  }
  for (RawState& raw : raw_) {
    if (raw.written.name == info.name) {
      WEIR_RETURN_IF_ERROR(claim(*column, raw));
    }
  }
  std::erase_if(raw_, [&](const RawState& raw) { return raw.written.name == info.name; });
  columns_.push_back(std::move(column));
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
  for (Slot slot = 0; slot < slotCount(); ++slot) {
    if (const std::string* bytes = raw.cells->get(slot)) {
      WEIR_RETURN_IF_ERROR(restoreCell(column, slot, *bytes, raw.written.schema, migrate));
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
  for (std::size_t state = 0; state < from.states().size(); ++state) {
    const StateSummary& summary = from.states()[state];
    if (isKeyed(summary.kind) &&
        std::find(dropped.begin(), dropped.end(), summary.name) == dropped.end()) {
      WEIR_RETURN_IF_ERROR(restoreState(from, state, range));
    }
  }
  dropEmptyKeys();
  return ok();
}

Status KeyedBackend::restoreState(const SectionReader& from,
                                  std::size_t state,
                                  KeyGroupRange range) {
  const StateSummary& summary = from.states()[state];
  WEIR_TRY(const bool migrate_key,
           needsMigration(summary.name, summary.key_schema, key_schema_).during("the key"));
  WEIR_TRY(ColumnBase * column, lookUp(summary.name, summary.kind));
  bool migrate = false;
  RawState* raw = nullptr;
  if (column != nullptr) {
    WEIR_TRY(migrate, needsMigration(summary.name, summary.value_schema, column->info().schema));
  } else {
    raw = &rawFor({summary.name, summary.kind, summary.mode, summary.value_schema});
  }
  Writer key;
  return from.readKeyed(state, range, [&](const SectionReader::Entry& entry) -> Status {
    std::string_view key_bytes = entry.key;
    if (migrate_key) {
      WEIR_RETURN_IF_ERROR(migrateBytes(entry.key, summary.key_schema, key_schema_, key));
      key_bytes = key.view();
    }
    const Slot slot = slotOfEncoded(key_bytes);
    if (slot == kNoSlot) {
      return Error(
          ErrorCode::kCorruption,
          "a key of state '" + summary.name + "' is no " + record::describeSchema(key_schema_));
    }
    if (raw != nullptr) {
      raw->cells->set(slot, std::string(entry.value));
      ++raw->entries;
      return ok();
    }
    return restoreCell(*column, slot, entry.value, summary.value_schema, migrate);
  });
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

void KeyedBackend::dropEmptyKeys() {
  for (const Slot slot : maybe_empty_) {
    const auto holds = [slot](const auto& column) { return column->has(slot); };
    const auto rawHolds = [slot](const RawState& raw) { return raw.cells->has(slot); };
    if (exists(slot) && std::none_of(columns_.begin(), columns_.end(), holds) &&
        std::none_of(raw_.begin(), raw_.end(), rawHolds)) {
      forget(slot);
    }
  }
  maybe_empty_.clear();
}

KeyedBackend::FrozenColumns KeyedBackend::freezeColumns() {
  FrozenColumns frozen;
  frozen.key_schema = key_schema_;
  for (const auto& column : columns_) {
    frozen.columns.emplace_back(column->info(), column->freeze());
  }
  for (const RawState& raw : raw_) {
    frozen.raw_infos.push_back(raw.written);
    frozen.raw.push_back(raw.cells->freezeTyped());
  }
  return frozen;
}

Status KeyedBackend::writeColumns(const FrozenColumns& frozen,
                                  const std::vector<Slot>& slots,
                                  const std::vector<std::uint32_t>& groups,
                                  const std::function<void(Slot, Writer&)>& write_key,
                                  SectionWriter& to) {
  Writer key;
  Writer value;
  const auto writeState =
      [&](const StateInfo& info, const FrozenColumn& column, auto encode) -> Status {
    WEIR_RETURN_IF_ERROR(to.beginState(info, frozen.key_schema));
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (column.has(slots[i])) {
        key.clear();
        value.clear();
        write_key(slots[i], key);
        encode(slots[i]);
        WEIR_RETURN_IF_ERROR(to.entry(groups[i], key.view(), {}, value.view()));
      }
    }
    return to.endState();
  };
  for (const auto& [info, column] : frozen.columns) {
    WEIR_RETURN_IF_ERROR(writeState(info, *column, [&](Slot slot) { column->write(slot, value); }));
  }
  for (std::size_t i = 0; i < frozen.raw.size(); ++i) {
    const auto& raw = *frozen.raw[i];
    WEIR_RETURN_IF_ERROR(writeState(frozen.raw_infos[i], raw, [&](Slot slot) {
      value.putBytes(raw.get(slot)->data(), raw.get(slot)->size());
    }));
  }
  return ok();
}

}  // namespace weir::state
