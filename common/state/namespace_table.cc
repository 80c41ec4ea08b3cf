#include "common/state/namespace_table.h"

namespace weir::state {

NamespaceTable::NamespaceTable() : bytes_(StateInfo{}, nullptr), uses_(1) {}

NamespaceId NamespaceTable::idOf(std::string_view encoded) {
  if (encoded.empty()) {
    return kNoNamespace;
  }
  if (const auto found = ids_.find(encoded); found != ids_.end()) {
    return found->second;
  }
  auto id = static_cast<NamespaceId>(uses_.size());
  if (free_.empty()) {
    uses_.push_back(0);
  } else {
    id = free_.back();
    free_.pop_back();
  }
  bytes_.set(id, std::string(encoded));
  ids_.emplace(encoded, id);
  unused_.push_back(id);
  ++version_;
  return id;
}

void NamespaceTable::release(NamespaceId id) {
  if (--uses_[id] == 0) {
    unused_.push_back(id);
  }
}

void NamespaceTable::sweep() {
  for (const NamespaceId id : unused_) {
    const std::string* bytes = bytes_.get(id);
    if (uses_[id] == 0 && bytes != nullptr) {
      ids_.erase(*bytes);
      bytes_.erase(id);
      free_.push_back(id);
      ++version_;
    }
  }
  unused_.clear();
}

}  // namespace weir::state
