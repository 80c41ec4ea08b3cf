#pragma once

#include <cstdint>

namespace weir {

/// What a source has after a call of pollNext().
enum class InputStatus : std::uint8_t {
  kMoreAvailable = 1,     ///< Poll again at once.
  kNothingAvailable = 2,  ///< Poll again when woken, at the time asked for, or after a back-off.
  kEndOfInput = 3,        ///< Nothing will ever come; endInput() follows.
};

}  // namespace weir
