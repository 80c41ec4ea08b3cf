#pragma once

#include <functional>
#include <optional>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/runtime/client_messages.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/upgrade/upgrade_patience.h"

namespace weir::jobmanager {

/// What upgrades ask of the jobs of their job manager.
///
/// Threads: the strand. Callbacks come on it, once, perhaps within the call.
class UpgradeJobs {
 public:
  virtual ~UpgradeJobs() = default;

  /// None when there is no such job, or it has ended and what it had is free.
  virtual std::optional<JobStanding> standing(JobId job) const = 0;
  /// Calls `then`, now or when a job of an earlier leader is taken up: its tasks run, or do not
  /// within a while. Perhaps after the end of the jobs.
  virtual void whenTakenUp(JobId job, std::function<void()> then) = 0;
  /// Refuses, with the reason, what can be known before the job is stopped.
  virtual Status mayUpgrade(const runtime::UpgradeRequest& request) const = 0;
  virtual UpgradePatience patienceFor(const runtime::UpgradeRequest& request) const = 0;
  /// The program of a job that has not ended, to be submitted again as `as`, without a restore.
  virtual Result<runtime::SubmitRequest> programOf(JobId job, JobId as) const = 0;

  /// The files of the program stay until release(), or the end of a job of this id.
  virtual Status retain(const runtime::SubmitRequest& program) = 0;
  virtual void release(JobId job) = 0;

  /// Stops it with a savepoint that fits the next one. When this fails, the job runs on.
  virtual void stop(const runtime::UpgradeRequest& request,
                    Callback<runtime::SavepointResult> done) = 0;
  virtual void submit(runtime::SubmitRequest request, Callback<runtime::SubmitReply> done) = 0;
  /// Has a job that runs take its next checkpoint without waiting for its interval.
  virtual void checkpointSoon(JobId job) = 0;
  /// Begins to; ok or not, standing() says when it has ended.
  virtual void cancel(JobId job) = 0;
};

}  // namespace weir::jobmanager
