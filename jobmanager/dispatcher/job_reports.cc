#include "jobmanager/dispatcher/job_reports.h"

#include <algorithm>
#include <string>
#include <tuple>

namespace weir::jobmanager {
namespace {

bool startedBefore(const runtime::JobSummary& left, const runtime::JobSummary& right) {
  return std::tie(left.start_millis, left.id) < std::tie(right.start_millis, right.id);
}

std::vector<runtime::CheckpointReport> shortened(
    const std::vector<CheckpointHistory::SharedReport>& all) {
  std::vector<runtime::CheckpointReport> reports;
  for (const CheckpointHistory::SharedReport& one : all) {
    reports.push_back(runtime::withoutVertices(*one));
  }
  return reports;
}

Error notRemembered(JobId job, CheckpointId which) {
  return Error(ErrorCode::kNotFound,
               "checkpoint " + std::to_string(which.value()) + " of job " + job.hex() +
                   " is not remembered")
      .advise("without its number, the ones that are can be listed");
}

}  // namespace

std::vector<runtime::JobSummary> summariesOf(const std::vector<const JobMaster*>& running,
                                             const UnrunJobs& unrun,
                                             const JobArchive& archive) {
  std::vector<runtime::JobSummary> summaries;
  for (const JobMaster* job : running) {
    summaries.push_back(job->summary());
  }
  for (const JobView& one : unrun.views()) {
    summaries.push_back(one.summary);
  }
  for (const EndedJob* ended : archive.shown()) {
    summaries.push_back(ended->view.summary);
  }
  std::sort(summaries.begin(), summaries.end(), startedBefore);
  return summaries;
}

void showJobs(const std::vector<const JobMaster*>& running,
              const UnrunJobs& unrun,
              const JobArchive& archive,
              ClusterView& view) {
  view.running = unrun.views();
  for (const JobMaster* job : running) {
    view.running.push_back(job->view());
  }
  std::sort(
      view.running.begin(), view.running.end(), [](const JobView& left, const JobView& right) {
        return startedBefore(left.summary, right.summary);
      });
  for (const EndedJob* ended : archive.shown()) {
    view.finished.push_back(ended->view);
  }
  view.jobs_finished = archive.counts().finished;
  view.jobs_cancelled = archive.counts().cancelled;
  view.jobs_failed = archive.counts().failed;
}

Result<std::vector<runtime::CheckpointReport>> checkpointsOf(const JobMaster& running,
                                                             std::optional<CheckpointId> which) {
  if (!which) {
    return shortened(running.history().told());
  }
  const auto report = running.history().report(*which);
  if (!report) {
    return notRemembered(running.summary().id, *which);
  }
  return std::vector{*report};
}

Result<std::vector<runtime::CheckpointReport>> checkpointsOf(const EndedJob& ended,
                                                             std::optional<CheckpointId> which) {
  if (!which) {
    return shortened(ended.view.checkpoints);
  }
  for (const CheckpointHistory::SharedReport& one : ended.view.checkpoints) {
    if (one->id == *which) {
      return std::vector{*one};
    }
  }
  return notRemembered(ended.view.summary.id, *which);
}

}  // namespace weir::jobmanager
