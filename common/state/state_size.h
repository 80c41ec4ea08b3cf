#pragma once

#include <cstdint>
#include <string>

namespace weir::state {

/// What one state of a backend holds, about: what cells own elsewhere is estimated from some of
/// them, what lies in a tier by the tier.
struct StateSize {
  std::string name;
  std::uint64_t keys = 0;
  std::uint64_t memory_bytes = 0;  ///< With its share of what keys take.
  std::uint64_t disk_bytes = 0;    ///< Of its tier.
};

}  // namespace weir::state
