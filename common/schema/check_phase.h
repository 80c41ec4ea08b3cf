#pragma once

#include <cstdint>

namespace weir::state {

/// What is done to an operator that is checked against a savepoint. Append only: the numbers go on
/// the wire.
enum class CheckPhase : std::uint8_t {
  kConstruct = 1,     ///< A copy of its function is made.
  kRestoreState = 2,  ///< restoreState() of its function.
  kOpen = 3,          ///< open(), where state is declared there.
  kRead = 4,          ///< Its keyed state is read, migrated and decoded.
  kClose = 5,         ///< close(), where it was opened.
};

}  // namespace weir::state
