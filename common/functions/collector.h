#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "common/record/batch.h"

namespace weir {

/// Stands for "no timestamp" in batches where other records have one.
inline constexpr std::int64_t kNoTimestamp = std::numeric_limits<std::int64_t>::min();

/// Takes what a function emits. Belongs to the operator that runs the function: valid during the
/// call that got it, on the task's thread only.
template <typename Out>
class Collector {
 public:
  /// How many records are handed on at once.
  static constexpr std::size_t kBatchSize = 1024;

  virtual ~Collector() = default;

  /// Emits one record. May wait for room downstream.
  void collect(const Out& value) { append(value); }
  void collect(Out&& value) { append(std::move(value)); }

 protected:
  /// Hands the full batch on and empties it.
  virtual void full() = 0;

  template <typename V>
  void append(V&& value) {
    batch_.records.push_back(std::forward<V>(value));
    if (timestamp_ != kNoTimestamp || batch_.hasTimestamps()) {
      if (batch_.timestamps.size() + 1 != batch_.size()) [[unlikely]] {
        batch_.timestamps.resize(batch_.size() - 1, kNoTimestamp);
      }
      batch_.timestamps.push_back(timestamp_);
    }
    if (batch_.size() >= kBatchSize) [[unlikely]] {
      full();
    }
  }

  Batch<Out> batch_;
  std::int64_t timestamp_ = kNoTimestamp;  // Of the record that is being processed.
};

}  // namespace weir
