#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "common/functions/callable.h"
#include "common/record/batch.h"
#include "common/state/keyed_backend_of.h"

namespace weir::functions {

/// The keys of a batch and where their state lies. Keeps its memory from batch to batch. Task's
/// thread.
template <typename K>
class KeyBatch {
 public:
  /// Finds the slot of every record's key; valid until the backend's endBatch().
  template <typename Selector, typename T>
  void resolve(const Selector& selector, const Batch<T>& batch, state::KeyedBackendOf<K>& backend) {
    const std::size_t size = batch.size();
    if (size > capacity_) {
      grow(size);
    }
    if constexpr (std::default_initializable<K>) {
      for (std::size_t i = 0; i < size; ++i) {
        keys_[i] = callKeySelector(selector, batch.records[i]);  // Reuses a string's memory.
      }
      backend.resolve(keys_.get(), size, slots_.data());
    } else {
      const auto key_at = [&](std::size_t i) -> decltype(auto) {
        return callKeySelector(selector, batch.records[i]);
      };
      backend.resolveEach(key_at, size, slots_.data());
    }
  }
  state::Slot slot(std::size_t record) const { return slots_[record]; }

 private:
  void grow(std::size_t size) {
    capacity_ = size;
    if constexpr (std::default_initializable<K>) {
      keys_ = std::make_unique<K[]>(size);  // Unlike a vector's, bools among them are addressable.
    }
    slots_.resize(size);
  }

  std::unique_ptr<K[]> keys_;
  std::vector<state::Slot> slots_;
  std::size_t capacity_ = 0;
};

}  // namespace weir::functions
