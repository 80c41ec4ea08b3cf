#pragma once

#include <cstdint>

#include "common/runtime/deployment.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/scheduler/directory_probe.h"
#include "jobmanager/scheduler/job_options.h"
#include "jobmanager/scheduler/job_restore.h"
#include "jobmanager/scheduler/job_states.h"
#include "jobmanager/scheduler/take_up_gate.h"

namespace weir::jobmanager {

/// What the attempts of a job share. All of it outlives them.
struct AttemptJob {
  const JobServices& services;
  const JobOptions& options;
  const runtime::Program& program;
  JobStates& states;
  CheckpointCoordinator& coordinator;
  const JobRestore& restore;
  DirectoryProbe& probe;
  TakeUpGate& take_up;
  bool taken_up = false;  ///< By a later leader than the one that it was submitted to.
  bool stopped = false;   ///< With its latest checkpoint: tasks only commit that, and finish.
};

}  // namespace weir::jobmanager
