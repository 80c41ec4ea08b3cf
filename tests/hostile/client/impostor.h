#pragma once

#include <chrono>
#include <string>

#include "tests/hostile/client/messages.h"

namespace weir::hostile {

/// What a task manager that is none does once it is registered.
enum class Manner {
  kRandom,  ///< Mutated and random reports, of all kinds.
  kFlood,   ///< As many updates as the connection takes.
  kLarge,   ///< Updates with causes of tens of megabytes.
  kDeaf,    ///< Reads nothing.
  kForger,  ///< Runs what it is given, and acknowledges checkpoints with state at `location`.
};

/// Registers with `slots` slots at the job manager and behaves so for `duration`; returns how its
/// session ended, or "" when it lasted.
std::string pretendTaskManager(int port,
                               Manner manner,
                               std::uint32_t slots,
                               const std::string& location,
                               std::chrono::milliseconds duration,
                               Random& random);

}  // namespace weir::hostile
