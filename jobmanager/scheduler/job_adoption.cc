#include "jobmanager/scheduler/job_adoption.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {
namespace {

/// Why nobody may go on with an attempt of an earlier leader.
std::optional<Error> whyRefused(const ha::JobCheckpoints& stored,
                                const ha::DeployedAttempt& attempt,
                                const std::string& directory) {
  const bool drains = std::ranges::any_of(stored.begun, [](const ha::BegunSavepoint& one) {
    return one.stop == runtime::StopMode::kDrain;
  });
  std::string why;
  if (stored.result) {
    why = "the job has ended";
  } else if (stored.stopped || attempt.stopped) {
    why = "the job has stopped with a savepoint";
  } else if (drains) {
    why = "its sources had been drained";
  } else if (attempt.storage != directory) {
    why = "its checkpoints go to " + attempt.storage + ", those of the job to " + directory;
  }
  return why.empty() ? std::nullopt
                     : std::optional(Error(ErrorCode::kFailedPrecondition, std::move(why)));
}

}  // namespace

void JobAdoption::begin(const ha::JobCheckpoints& stored,
                        ha::DeployedAttempt attempt,
                        Duration wait) {
  if (wait > Duration::zero()) {
    refused_ = whyRefused(stored, attempt, directory_);
    adoption_ = std::make_unique<Adoption>(environment_, std::move(attempt), wait);
  }
}

void JobAdoption::settled(const ha::JobCheckpoints& stored) {
  if (!undecided()) {
    return;
  }
  if (!refused_) {
    refused_ = whyRefused(stored, attempt(), directory_);
  }
  if (stored.result) {
    giveUp(*refused_);  // Nobody asks any more.
  }
}

void JobAdoption::decide(Callback<HeldTasks> done) {
  adoption_->decide(refused_, [this, done = std::move(done)](Result<HeldTasks> held) {
    decided(held);
    done(std::move(held));
  });
}

void JobAdoption::decided(const Result<HeldTasks>& held) {
  const runtime::ExecutionId& execution = attempt().execution;
  const std::string which = "attempt " + std::to_string(execution.attempt.value());
  if (held) {
    outcome_ = adoptedAfter(execution.attempt, held->took);
    log::info(outcome_,
              {{"job", job_.hex()},
               {"task_managers", attempt().task_managers.size()},
               {"deployed_in_epoch", execution.epoch.value()}});
  } else {
    outcome_ = which + " is not adopted: " + cutText(held.error().message(), kMostLoggedBytes);
    log::warn(outcome_, {{"job", job_.hex()}});
  }
}

bool JobAdoption::report(TaskManagerId from, const runtime::TaskManagerReport& report) {
  const bool takes = undecided();
  if (takes) {
    adoption_->report(from, report);
  }
  return takes;
}

void JobAdoption::registered(TaskManagerId id, const runtime::Holdings& holdings) {
  if (undecided()) {
    adoption_->registered(id, holdings);
  }
}

void JobAdoption::told(TaskManagerId from, const runtime::ExecutionId& execution) {
  if (undecided() && attempt().execution == execution) {
    adoption_->told(from);
  } else if (TaskManagerGateway* gateway = environment_.resources.gateway(from)) {
    gateway->giveUp(execution);
  }
}

void JobAdoption::lost(TaskManagerId id, const std::string& reason) {
  if (undecided()) {
    adoption_->lost(id, reason);
  }
}

}  // namespace weir::jobmanager
