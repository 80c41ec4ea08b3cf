#include "jobmanager/upgrade/upgrade_patience.h"

#include "common/config/options.h"
#include "common/config/value.h"

namespace weir::jobmanager {

std::string UpgradePatience::notWithin(const std::optional<JobStanding>& standing) const {
  std::string text = " within " + std::string(config::kUpgradeTimeout.key) + " (" +
                     config::formatDuration(timeout) + ")";
  if (standing && !standing->waits.empty()) {
    text += ": it waits " + standing->waits;
  }
  if (standing && !standing->failure.empty()) {
    text += ": its last failure was: " + standing->failure;
  }
  return text;
}

Error UpgradePatience::didNotRun(JobId job, const std::optional<JobStanding>& standing) const {
  return Error(ErrorCode::kUnavailable, "job " + job.hex() + " did not run" + notWithin(standing))
      .advise("upgrade it when it runs");
}

std::string UpgradePatience::restartedTooOften(const JobStanding& standing) const {
  return "has restarted " + std::to_string(standing.restarts) +
         (standing.restarts == 1 ? " time" : " times") + " before its first checkpoint, and " +
         std::string(config::kUpgradeRestarts.key) + " allows " + std::to_string(restarts) + ": " +
         standing.failure;
}

}  // namespace weir::jobmanager
