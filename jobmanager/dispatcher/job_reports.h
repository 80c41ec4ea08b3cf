#pragma once

#include <optional>
#include <vector>

#include "common/base/result.h"
#include "common/runtime/client_messages.h"
#include "jobmanager/dispatcher/cluster_view.h"
#include "jobmanager/dispatcher/job_archive.h"
#include "jobmanager/dispatcher/unrun_jobs.h"
#include "jobmanager/scheduler/job_master.h"

/// What is told of jobs, those that run and those that have ended. Call it on the strand.
namespace weir::jobmanager {

/// In the order of their starts.
std::vector<runtime::JobSummary> summariesOf(const std::vector<const JobMaster*>& running,
                                             const UnrunJobs& unrun,
                                             const JobArchive& archive);
/// What a view shows of jobs.
void showJobs(const std::vector<const JobMaster*>& running,
              const UnrunJobs& unrun,
              const JobArchive& archive,
              ClusterView& view);

/// As DispatcherGateway::checkpoints().
Result<std::vector<runtime::CheckpointReport>> checkpointsOf(const JobMaster& running,
                                                             std::optional<CheckpointId> which);
Result<std::vector<runtime::CheckpointReport>> checkpointsOf(const EndedJob& ended,
                                                             std::optional<CheckpointId> which);

}  // namespace weir::jobmanager
