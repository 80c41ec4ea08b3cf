#pragma once

#include <chrono>
#include <cstddef>

namespace weir::functions {

/// How many records a sink may take between two glances at its worker's lease: one, as long as what
/// it does with a record may reach beyond the process. A call to the kernel takes longer than
/// kQuick; of a sink that is quicker, most records leave nothing but memory of its own changed, and
/// a few of them may pass. The task's thread.
class LeaseStride {
 public:
  /// Between glances of functions whose records are quick.
  static constexpr std::size_t kLong = 64;
  static constexpr std::chrono::nanoseconds kQuick{100};

  std::size_t length() const { return length_; }
  /// So many records took that long. Too few of them say nothing.
  void took(std::size_t records, std::chrono::nanoseconds time) {
    if (records >= kLong) {
      length_ = time < kQuick * static_cast<std::int64_t>(records) ? kLong : 1;
    }
  }

 private:
  std::size_t length_ = 1;
};

}  // namespace weir::functions
