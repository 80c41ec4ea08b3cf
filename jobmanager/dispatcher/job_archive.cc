#include "jobmanager/dispatcher/job_archive.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace weir::jobmanager {
namespace {

constexpr std::size_t kRememberedJobs = 100;

}  // namespace

void JobArchive::add(EndedJob job) {
  switch (job.view.summary.state) {
    case runtime::JobState::kFinished:
      ++counts_.finished;
      break;
    case runtime::JobState::kCanceled:
      ++counts_.cancelled;
      break;
    default:
      ++counts_.failed;
      break;
  }
  jobs_.push_front(std::move(job));
  if (jobs_.size() > std::max(kRememberedJobs, shown_)) {
    auto refused = std::find_if(
        jobs_.rbegin(), jobs_.rend(), [](const EndedJob& one) { return one.refused(); });
    jobs_.erase(refused == jobs_.rend() ? std::prev(jobs_.end()) : std::prev(refused.base()));
  }
}

const EndedJob* JobArchive::find(JobId job) const {
  auto found = std::find_if(
      jobs_.begin(), jobs_.end(), [&](const EndedJob& one) { return one.view.summary.id == job; });
  return found == jobs_.end() ? nullptr : &*found;
}

std::vector<const EndedJob*> JobArchive::shown() const {
  std::vector<const EndedJob*> shown;
  std::size_t ran = 0;
  std::size_t refused = 0;
  for (const EndedJob& one : jobs_) {
    std::size_t& count = one.refused() ? refused : ran;
    if (++count <= shown_) {
      shown.push_back(&one);
    }
  }
  return shown;
}

}  // namespace weir::jobmanager
