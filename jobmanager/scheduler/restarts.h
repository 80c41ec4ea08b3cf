#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/concurrency/executor.h"
#include "common/runtime/job_state.h"
#include "jobmanager/scheduler/restart_strategy.h"

namespace weir::jobmanager {

/// The restarts of one job: how many there were, and the pause before the next one.
///
/// Lives as long as its job. Threads: the strand.
class Restarts {
 public:
  /// All but the strategy outlive it.
  Restarts(RestartStrategy strategy,
           concurrency::Executor& strand,
           const Clock& clock,
           Random& random);

  /// The job failed in `execution` for this reason. nullopt when the strategy allows no more
  /// restarts; else a clause that says which one comes when, and `restart` is called then.
  std::optional<std::string> pause(const runtime::ExecutionId& execution,
                                   const std::string& reason,
                                   std::function<void()> restart);
  /// The same, whatever the strategy allows.
  std::string pauseFor(Duration pause,
                       const runtime::ExecutionId& execution,
                       const std::string& reason,
                       std::function<void()> restart);
  void cancelPause() { pause_.reset(); }
  /// What is left of the pause: "301 ms", "5.3 s", "2 min 5 s".
  std::string left() const;
  /// Those that were made.
  std::uint64_t count() const { return count_; }
  const RestartStrategy& strategy() const { return strategy_; }

 private:
  RestartStrategy strategy_;
  concurrency::Executor& strand_;
  const Clock& clock_;
  Random& random_;
  std::uint64_t count_ = 0;
  SteadyTime pause_ends_;
  std::unique_ptr<concurrency::Executor::Timer> pause_;
};

}  // namespace weir::jobmanager
