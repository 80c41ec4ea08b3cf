#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/runtime/job_state.h"

namespace weir::ha {

/// Where an attempt of a job runs, stored before any task manager hears of it: the next leader goes
/// on with it, if it finds it there.
struct DeployedAttempt {
  struct Share {
    TaskManagerId task_manager;
    std::uint32_t slots = 0;
    bool operator==(const Share&) const = default;
  };
  runtime::ExecutionId execution;
  std::vector<Share> task_managers;
  /// [vertex][subtask]: index into `task_managers`.
  std::vector<std::vector<std::uint32_t>> tasks;
  std::string storage;   ///< Directory of the job's checkpoints, as its tasks know it.
  bool stopped = false;  ///< The job had stopped: the tasks only commit.
  bool operator==(const DeployedAttempt&) const = default;
};

}  // namespace weir::ha
