#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <type_traits>
#include <vector>

namespace weir {

/// Records of type bool, each of them addressable, which std::vector<bool> does not give.
class BoolRecords : public std::deque<bool> {
 public:
  using std::deque<bool>::deque;
  void reserve(std::size_t /*count*/) {}
};

/// Records that travel together, in order, from operator to operator. A plain value.
template <typename T>
struct Batch {
  std::conditional_t<std::is_same_v<T, bool>, BoolRecords, std::vector<T>> records;
  /// Empty where records have no timestamps, else one per record, in milliseconds.
  std::vector<std::int64_t> timestamps;

  std::size_t size() const { return records.size(); }
  bool empty() const { return records.empty(); }
  bool hasTimestamps() const { return !timestamps.empty(); }
  /// Forgets the records and keeps the memory.
  void clear() {
    records.clear();
    timestamps.clear();
  }
  void reserve(std::size_t count) { records.reserve(count); }
};

}  // namespace weir
