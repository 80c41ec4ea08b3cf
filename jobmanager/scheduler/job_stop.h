#pragma once

#include <functional>
#include <optional>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/runtime/client_messages.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/scheduler/attempt.h"
#include "jobmanager/scheduler/job_savepoints.h"

namespace weir::jobmanager {

/// The stop of one job: the savepoint behind which it processes nothing, one at a time, and what
/// holds once that is stored. Then the job only commits what the savepoint holds, and finishes.
///
/// Lives as long as its job. Threads: the strand; callbacks come on it.
class JobStop {
 public:
  /// Both outlive it.
  JobStop(JobId job, JobSavepoints& savepoints, const CheckpointCoordinator& coordinator)
      : job_(job), savepoints_(savepoints), coordinator_(coordinator) {}

  /// An earlier leader has stored that the job has stopped.
  void resume() { completed(); }
  /// Whether it is stored that the job has stopped.
  bool complete() const { return complete_; }

  /// Whether a savepoint, of whatever kind, fits beside a stop. `attempt` may be null.
  Status mayTake(const runtime::SavepointRequest& request, const Attempt* attempt) const;
  /// The same of one that stops the job, now.
  Status mayStop(const Attempt* attempt) const;
  /// Takes a savepoint that mayTake(), if `check` allows it, and stops the job; answers once it is
  /// known whether it does.
  void take(const runtime::SavepointRequest& request,
            SnapshotCheck check,
            std::function<void(const runtime::SavepointProgress&)> progress,
            Callback<runtime::SavepointResult> done,
            Attempt* attempt);
  /// Takes one of the restarts, beyond those of the job's strategy, that a stop is worth: the pause
  /// before it, or nullopt when none is left.
  std::optional<Duration> takeRestart();

 private:
  void completed();
  void ended(runtime::StopMode mode,
             const Result<runtime::SavepointResult>& result,
             const Callback<runtime::SavepointResult>& done,
             Attempt* attempt);

  const JobId job_;
  JobSavepoints& savepoints_;
  const CheckpointCoordinator& coordinator_;
  bool pending_ = false;   // Its savepoint is.
  bool complete_ = false;  // It is, and stored as that.
  int restarts_ = 0;       // That are left.
};

}  // namespace weir::jobmanager
