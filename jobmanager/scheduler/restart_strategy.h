#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/config/resolve.h"
#include "common/graph/job_graph.h"

namespace weir::jobmanager {

/// Decides whether and after which pause a failed job runs again. A plain value; counts over the
/// life of the job.
class RestartStrategy {
 public:
  /// What the job names, else what the configuration says, else exponential delay for a job that
  /// checkpoints and none for others.
  RestartStrategy(const graph::RestartStrategy& job,
                  const config::RestartSettings& configured,
                  bool checkpoints);

  /// Notes a failure. The pause before the restart, or nullopt when there is to be none.
  std::optional<Duration> onFailure(SteadyTime now, Random& random);
  /// Neither the job nor the configuration named it.
  bool isDefault() const { return default_; }
  /// "fixed delay (3 restarts, 10000 ms)", for the log.
  std::string describe() const;

 private:
  std::optional<Duration> exponential(SteadyTime now, Random& random);

  config::RestartSettings settings_;
  bool default_ = false;
  std::int64_t restarts_ = 0;
  std::deque<SteadyTime> failures_;  // Failure rate: those within the interval.
  Duration backoff_{};
  SteadyTime last_failure_{};
};

}  // namespace weir::jobmanager
