#include <algorithm>
#include <span>
#include <string>
#include <unordered_set>

#include "common/state/keyed_backend.h"

namespace weir::state {

void KeyedBackend::load(std::size_t known, const Slot* slots, std::size_t count) {
  tier_->use(columns_, {slots, count}, std::span(maybe_empty_).subspan(known));
}

void KeyedBackend::dropEmptyKeys() {
  std::erase_if(maybe_empty_, [this](Slot slot) {
    const auto holds = [slot](const auto& column) { return column->has(slot); };
    return !exists(slot) || std::ranges::any_of(columns_, holds) || isHeld(slot);
  });
  for (const Slot slot : maybe_empty_) {
    prefetchForget(slot);
  }
  for (const Slot slot : maybe_empty_) {
    if (exists(slot)) {  // It may stand there twice.
      if (tier_ != nullptr) {
        tier_->forget(slot);
      }
      forget(slot);
    }
  }
  maybe_empty_.clear();
  if (namespaces_.size() != 0) {
    namespaces_.sweep();
  }
}

void KeyedBackend::endBatchOfTier() {
  tier_->endBatch(columns_);
  if (namespaces_.size() != 0) {
    namespaces_.sweep();
  }
}

bool KeyedBackend::isHeld(Slot slot) const {
  return std::ranges::any_of(raw_, [slot](const RawState& raw) { return raw.cells->has(slot); });
}

void KeyedBackend::evict(Slot slot) {
  for (const auto& column : columns_) {
    column->erase(slot);
  }
  forget(slot);
}

Status KeyedBackend::forCells(const ColumnBase& column,
                              const std::function<bool(Slot)>& here,
                              const std::function<bool(const FrozenTier::Entry&)>& below) {
  const auto frozen = tier_ != nullptr ? tier_->freeze() : nullptr;
  std::unordered_set<std::string> hidden;  // Names of keys whose cells below are out of date.
  Writer name;
  for (Slot slot = 0; slot < slotCount(); ++slot) {
    if (!exists(slot)) {
      continue;
    }
    if (frozen != nullptr && frozen->hides(slot)) {
      name.clear();
      writeName(slot, name);
      hidden.insert(name.str());
    }
    if (column.has(slot) && !here(slot)) {
      return ok();
    }
  }
  if (frozen == nullptr) {
    return ok();
  }
  WEIR_TRY(const auto cursor, frozen->cells(column.info().name));
  FrozenTier::Entry entry;
  while (true) {
    WEIR_TRY(const bool more, cursor->next(entry));
    if (!more) {
      return ok();
    }
    if (!hidden.contains(std::string(entry.name)) && !below(entry)) {
      return ok();
    }
  }
}

}  // namespace weir::state
