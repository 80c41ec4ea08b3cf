#pragma once

#include <string>

#include "taskmanager/daemon/supervision/assignment.h"
#include "taskmanager/daemon/supervision/exit_cause.h"
#include "taskmanager/daemon/supervision/stderr_tail.h"
#include "taskmanager/daemon/supervision/worker_settings.h"

namespace weir::taskmanager {

/// All that is known of how a worker ended.
struct WorkerEnd {
  ProcessExit exit;
  WorkerStage stage = WorkerStage::kStarting;
  std::string own_words;       ///< What it said of itself; empty: nothing.
  std::string killed_for;      ///< Why we killed it; empty: we did not.
  bool out_of_memory = false;  ///< The kernel killed in its control group.
  std::string states;          ///< What its states held, as StateUsages::largest() says it.
  std::string kept_as;         ///< Where its directory is kept, if any is; empty: it is not.
};

/// What the job is told of it. `said` is the end of its standard error.
ExitCause causeOfEnd(const WorkerEnd& end,
                     const Assignment& assignment,
                     const WorkerSettings& settings,
                     const StderrTail& said);

/// Of a worker that "used 70 MiB of memory, more" than its slots give and was killed, `by` whom;
/// `states` as StateUsages::largest().
std::string tooMuchMemory(const Assignment& assignment,
                          const WorkerSettings& settings,
                          const std::string& used,
                          const std::string& by,
                          const std::string& states);

}  // namespace weir::taskmanager
