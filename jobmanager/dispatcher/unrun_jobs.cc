#include "jobmanager/dispatcher/unrun_jobs.h"

#include <string>

#include "common/telemetry/log.h"

namespace weir::jobmanager {
namespace {

constexpr const char* kWhatHelps =
    "correct the job manager's configuration and start it again, or cancel the job";
constexpr const char* kWhatEndsIt =
    "correct the job manager's configuration and start it again: then the job ends, and its files "
    "are removed";

void waits(JobView& view, const char* what_helps) {
  view.summary.waiting = "for a job manager that can run it (" + view.failure + "): " + what_helps;
}

}  // namespace

void UnrunJobs::add(const ha::StoredJob& job, const Error& why) {
  const JobId id = job.request.job;
  log::error("a job cannot be taken up again and stays in the store of jobs",
             {{"job", id.hex()}, {"reason", why.text()}, {"next", kWhatHelps}});
  JobView& view = views_[id];
  view.summary.id = id;
  view.summary.name = job.request.graph->name;
  view.summary.start_millis = job.submitted_millis;
  view.summary.failure = why.text();
  view.failure = why.text();
  waits(view, kWhatHelps);
  if (job.cancelled) {
    cancelled(id);
  }
}

void UnrunJobs::cancel(JobId job, ha::LeaderStore& store, Callback<std::monostate> done) {
  store.write(ha::CancelJob{job}, [this, job, done = std::move(done)](const Status& stored) {
    if (stored) {
      cancelled(job);
    }
    done(stored);
  });
}

void UnrunJobs::cancelled(JobId job) {
  if (const auto found = views_.find(job); found != views_.end()) {
    found->second.summary.state = runtime::JobState::kCancelling;
    waits(found->second, kWhatEndsIt);
  }
}

std::optional<Error> UnrunJobs::why(JobId job) const {
  const auto found = views_.find(job);
  if (found == views_.end()) {
    return std::nullopt;
  }
  return Error(ErrorCode::kFailedPrecondition,
               "job " + job.hex() + " is stored and does not run: " + found->second.failure)
      .advise(kWhatHelps);
}

std::vector<JobView> UnrunJobs::views() const {
  std::vector<JobView> views;
  for (const auto& [id, view] : views_) {
    views.push_back(view);
  }
  return views;
}

}  // namespace weir::jobmanager
