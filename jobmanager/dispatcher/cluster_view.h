#pragma once

#include <cstdint>
#include <vector>

#include "jobmanager/resources/task_manager_view.h"
#include "jobmanager/scheduler/job_view.h"

namespace weir::jobmanager {

/// Everything that HTTP shows, at one instant. Immutable once published.
struct ClusterView {
  std::int64_t now_millis = 0;
  std::vector<JobView> running;     ///< Not ended, by start time.
  std::vector<JobView> finished;    ///< Ended, the last jobmanager.web.history, newest first.
  std::uint64_t jobs_finished = 0;  ///< Counted over the life of the job manager.
  std::uint64_t jobs_cancelled = 0;
  std::uint64_t jobs_failed = 0;
  std::vector<TaskManagerView> task_managers;
};

}  // namespace weir::jobmanager
