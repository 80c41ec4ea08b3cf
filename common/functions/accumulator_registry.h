#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/accumulators/accumulators.h"
#include "common/base/result.h"

namespace weir::functions {

/// The accumulators of one subtask. Borrows them from the functions until freeze(). Task's thread.
class AccumulatorRegistry {
 public:
  /// The longest name, in bytes.
  static constexpr std::size_t kMostNameBytes = 1024;

  /// What names, types and values of all together may have, in bytes, when they are added.
  void limit(std::uint64_t bytes) { most_bytes_ = bytes; }
  /// Errors: kInvalidArgument when `name` is in use with another type or too long;
  /// kResourceExhausted when all together are too large.
  Status add(const std::string& name, const Accumulator& accumulator);
  /// The values as of now; equal names of several functions are merged.
  std::vector<EncodedAccumulator> values() const;
  /// Keeps the values of now for good and forgets the accumulators, whose owners may end then.
  void freeze();

 private:
  std::map<std::string, std::set<const Accumulator*>> live_;  // Owned by the functions.
  std::map<std::string, EncodedAccumulator> frozen_;          // By name.
  std::uint64_t bytes_ = 0;                                   // Of what was added, as it was then.
  std::uint64_t most_bytes_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace weir::functions
