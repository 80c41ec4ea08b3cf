#pragma once

#include "common/api/run.h"
#include "common/base/result.h"
#include "common/program/program_graph.h"

namespace weir::jobmanager {

/// Runs a job in this process, on a job manager and a task manager of its own, until it ends; the
/// program that was started by hand waits for it. Slots are as many as the job needs.
///
/// The job manager sees the graph alone, the task manager runs its code. Threads: any, one job at a
/// time each. An error is the first cause of the job's failure, or what is wrong with the
/// configuration.
Result<JobExecutionResult> runLocally(graph::ProgramGraph program,
                                      const api::LocalOptions& options);

}  // namespace weir::jobmanager
