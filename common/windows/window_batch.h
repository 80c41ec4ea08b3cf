#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "common/state/keyed_backend_of.h"
#include "common/windows/window_namespaces.h"

namespace weir::windows {

/// Where a record goes.
template <typename W>
struct Place {
  W window;                 ///< Or a pane.
  std::int64_t oldest = 0;  ///< Of a pane: the start of the oldest of its windows not yet late.
};

/// Records of a batch that are looked at together, each with its key, the one window or pane that
/// it goes to, and the slot of both: so the memory latency of many overlaps. Keeps its memory.
/// Task's thread.
template <typename K, typename W>
class WindowBatch {
 public:
  /// Records at once.
  static constexpr std::size_t kMost = 128;

  void clear() { size_ = 0; }
  std::size_t size() const { return size_; }
  bool isFull() const { return size_ == kMost; }
  /// The `record`-th of the batch.
  template <typename Key>
  void add(Key&& key, const Place<W>& place, std::size_t record) {
    keys_[size_] = std::forward<Key>(key);  // Reuses a string's memory.
    places_[size_] = place;
    records_[size_] = record;
    ++size_;
  }
  /// Finds the slots, which are valid until the backend's endBatch().
  void resolve(WindowNamespaces<W>& namespaces, state::KeyedBackendOf<K>& backend) {
    if constexpr (WindowNamespaces<W>::kPlain) {
      backend.resolve(keys_.get(), size_, slots_.data());
    } else {
      for (std::size_t i = 0; i < size_; ++i) {
        namespaces_[i] = namespaces.of(places_[i].window);
      }
      backend.resolveIn(keys_.get(), namespaces_.data(), size_, slots_.data());
    }
  }

  const K& key(std::size_t i) const { return keys_[i]; }
  const Place<W>& place(std::size_t i) const { return places_[i]; }
  std::size_t record(std::size_t i) const { return records_[i]; }
  state::Slot slot(std::size_t i) const { return slots_[i]; }

 private:
  std::unique_ptr<K[]> keys_ = std::make_unique<K[]>(kMost);  // Bools are addressable here.
  std::array<Place<W>, kMost> places_{};
  std::array<std::size_t, kMost> records_{};
  std::array<state::NamespaceId, kMost> namespaces_{};
  std::array<state::Slot, kMost> slots_{};
  std::size_t size_ = 0;
};

}  // namespace weir::windows
