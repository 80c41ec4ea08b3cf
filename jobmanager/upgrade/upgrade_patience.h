#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/result.h"

namespace weir::jobmanager {

/// How a job stands that has not ended.
struct JobStanding {
  bool reading = false;        ///< What an earlier job manager left of it is not known yet.
  bool runs = false;           ///< All its tasks do.
  bool checkpointed = false;   ///< It has completed a checkpoint of its own.
  std::uint64_t restarts = 0;  ///< Under this job manager.
  std::string failure;         ///< Its last one; empty: none.
  std::string waits;           ///< A clause that continues "it waits"; may be empty.
};

/// What the next job of an upgrade is allowed before the old program goes on.
struct UpgradePatience {
  Duration timeout = std::chrono::seconds(60);  ///< Until it has completed a checkpoint.
  std::uint64_t restarts = 1;                   ///< Meanwhile.

  /// " within upgrade.timeout (60 s): ...", of a job that did not get there in time.
  std::string notWithin(const std::optional<JobStanding>& standing) const;
  /// Of the job that was to be stopped.
  Error didNotRun(JobId job, const std::optional<JobStanding>& standing) const;
  /// "has restarted 2 times before ...", of one that has too often.
  std::string restartedTooOften(const JobStanding& standing) const;
};

}  // namespace weir::jobmanager
