#pragma once

#include <cstdint>
#include <vector>

#include "common/base/ids.h"
#include "common/runtime/job_state.h"

/// What is left on a task manager of attempts whose job manager was lost, for the next one.
namespace weir::runtime {

struct HeldAttempt {
  ExecutionId execution;
  std::uint32_t slots = 0;  ///< 0: its worker has ended.
};

/// Said with a registration.
struct Holdings {
  std::vector<HeldAttempt> attempts;
  /// Of the newest leader that was obeyed: no older one is, while there are attempts.
  LeaderEpoch newest;
};

}  // namespace weir::runtime
