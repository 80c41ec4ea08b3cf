#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "common/state/keyed_backend.h"

namespace weir::worker {

/// The names that cells of some slots have in a store. On one thread.
class SlotNames {
 public:
  void write(const state::KeyedBackend& backend, std::span<const state::Slot> slots) {
    bytes_.clear();
    ends_.clear();
    for (const state::Slot slot : slots) {
      backend.writeName(slot, bytes_);
      ends_.push_back(bytes_.size());
    }
    views_.clear();
    std::size_t begin = 0;
    for (const std::size_t end : ends_) {
      views_.push_back(bytes_.view().substr(begin, end - begin));
      begin = end;
    }
  }

  /// In the order of the slots, until the next write().
  std::span<const std::string_view> views() const { return views_; }

 private:
  Writer bytes_;
  std::vector<std::size_t> ends_;
  std::vector<std::string_view> views_;
};

}  // namespace weir::worker
