#pragma once

#include <cstdint>
#include <string>

namespace weir::fs::testing {

/// Bytes of which no two ranges are alike.
inline std::string patterned(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint64_t state = 1;
  for (std::size_t i = 0; i < size; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    bytes[i] = static_cast<char>(state >> 56);
  }
  return bytes;
}

}  // namespace weir::fs::testing
