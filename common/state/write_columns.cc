#include <limits>
#include <string>
#include <unordered_set>

#include "common/state/keyed_backend.h"
#include "common/state/section.h"

namespace weir::state {

namespace {

/// Slots that are fetched ahead while a snapshot is written: in order of key groups they lie apart.
constexpr std::size_t kWriteAhead = 16;

/// Walks over what lies in a tier, beside the keys in memory; empty where there is no tier.
class Below {
 public:
  static Result<Below> begin(const FrozenTier* tier,
                             const std::string& state,
                             const FrozenColumn& column) {
    Below below;
    below.column_ = &column;
    if (tier != nullptr) {
      WEIR_TRY(below.cursor_, tier->cells(state));
      WEIR_RETURN_IF_ERROR(below.advance());
    }
    return below;
  }
  /// Past the last one: of no key group.
  std::uint32_t group() const {
    return cursor_ == nullptr ? std::numeric_limits<std::uint32_t>::max() : entry_.key_group;
  }
  bool ended() const { return cursor_ == nullptr; }
  /// A key of the group at hand whose cells below are out of date.
  void hide(std::string name) { hidden_.insert(std::move(name)); }
  /// Writes what lies below of a group, and goes on to the next.
  Status write(std::uint32_t group, SectionWriter& to) {
    while (this->group() == group && !ended()) {
      if (!hidden_.contains(std::string(entry_.name)) && column_->keep(entry_.value, part_)) {
        WEIR_RETURN_IF_ERROR(to.entry(group, entry_.key, entry_.name_space, entry_.value));
      }
      WEIR_RETURN_IF_ERROR(advance());
    }
    hidden_.clear();
    return ok();
  }

 private:
  Status advance() {
    WEIR_TRY(const bool more, cursor_->next(entry_));
    if (!more) {
      cursor_.reset();
    }
    return ok();
  }

  std::unique_ptr<FrozenTier::Cursor> cursor_;  // Null at the end.
  FrozenTier::Entry entry_;
  std::unordered_set<std::string> hidden_;  // Names.
  const FrozenColumn* column_ = nullptr;    // Of the same state, in memory.
  Writer part_;
};

}  // namespace

KeyedBackend::FrozenColumns KeyedBackend::freezeColumns() {
  FrozenColumns frozen;
  frozen.key_schema = key_schema_;
  if (namespaces_.size() != 0) {
    frozen.namespaces = namespaces_.freeze();
  }
  for (const auto& column : columns_) {
    frozen.columns.emplace_back(
        column->info(), expiries_ == nullptr ? column->freeze() : expiries_->freeze(*column));
  }
  for (const RawState& raw : raw_) {
    frozen.raw_infos.push_back(raw.written);
    frozen.raw.push_back(raw.cells->freezeTyped());
  }
  if (tier_ != nullptr) {
    frozen.tier = tier_->freeze();
  }
  return frozen;
}

Status KeyedBackend::writeColumns(const FrozenColumns& frozen,
                                  const FrozenKeys& keys,
                                  SectionWriter& to) {
  const std::vector<Slot>& slots = keys.slots;
  Writer key;
  Writer value;
  const bool in_tables = frozen.tier != nullptr && frozen.tier->isShared();
  const FrozenTier* tier = in_tables ? nullptr : frozen.tier.get();
  const auto writeState =
      [&](const StateInfo& info, const FrozenColumn& column, auto encode) -> Status {
    WEIR_RETURN_IF_ERROR(to.beginState(info, frozen.key_schema));
    WEIR_TRY(Below below, Below::begin(tier, info.name, column));
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (i + kWriteAhead < slots.size()) {
        column.prefetch(slots[i + kWriteAhead]);
        keys.keys.prefetch(slots[i + kWriteAhead]);
      }
      while (below.group() < keys.groups[i]) {
        WEIR_RETURN_IF_ERROR(below.write(below.group(), to));
      }
      if (!below.ended() && tier->hides(slots[i])) {
        key.clear();
        keys.naming(slots[i], key);
        endName(frozen.nameSpace(slots[i]), key);
        below.hide(key.str());
      }
      if (column.has(slots[i])) {
        key.clear();
        value.clear();
        keys.keys.write(slots[i], key);
        encode(slots[i]);
        WEIR_RETURN_IF_ERROR(
            to.entry(keys.groups[i], key.view(), frozen.nameSpace(slots[i]), value.view()));
      }
      if (i + 1 == slots.size() || keys.groups[i + 1] != keys.groups[i]) {
        WEIR_RETURN_IF_ERROR(below.write(keys.groups[i], to));
      }
    }
    while (!below.ended()) {
      WEIR_RETURN_IF_ERROR(below.write(below.group(), to));
    }
    return to.endState();
  };
  for (const auto& [info, column] : frozen.columns) {
    if (!in_tables) {
      WEIR_RETURN_IF_ERROR(
          writeState(info, *column, [&](Slot slot) { column->write(slot, value); }));
    }
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
