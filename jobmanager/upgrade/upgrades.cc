#include "jobmanager/upgrade/upgrades.h"

#include <utility>

#include "common/telemetry/log.h"

namespace weir::jobmanager {

void Upgrades::upgrade(const runtime::UpgradeRequest& request,
                       runtime::UpgradeNoticeSink told,
                       Callback<runtime::UpgradeReply> done) {
  if (!log_.begin(request.operation, std::move(done))) {
    if (const auto found = runs_.find(request.operation); found != runs_.end()) {
      found->second->tell(std::move(told));
    }
    return;
  }
  parts_.jobs.whenTakenUp(
      request.job, [this, alive = std::weak_ptr<bool>(alive_), request, told = std::move(told)] {
        if (!alive.expired() && log_.pending(request.operation)) {
          begin(request, told);
        }
      });
}

void Upgrades::begin(const runtime::UpgradeRequest& request, runtime::UpgradeNoticeSink told) {
  if (auto run = prepare(request); run) {
    (*run)->tell(std::move(told));
    (*run)->begin();
  } else {
    log_.finish(request.operation, run.error());
  }
}

Status Upgrades::mayBegin(const runtime::UpgradeRequest& request) const {
  if (closed_) {
    return *closed_;
  }
  if (of(request.job) != nullptr) {
    return Error(ErrorCode::kFailedPrecondition,
                 "job " + request.job.hex() + " is being upgraded already")
        .advise("try again when that has ended");
  }
  return parts_.jobs.mayUpgrade(request);
}

Result<UpgradeRun*> Upgrades::prepare(const runtime::UpgradeRequest& request) {
  WEIR_RETURN_IF_ERROR(mayBegin(request));
  ha::StoredUpgrade upgrade{.request = request, .back = {}, .begun_millis = 0, .progress = {}};
  WEIR_TRY(upgrade.back, parts_.jobs.programOf(request.job, JobId::random(random_)));
  upgrade.begun_millis = toEpochMillis(parts_.clock.wallNow());
  const JobId back = upgrade.back.job;
  Status retained = parts_.jobs.retain(request.next);
  if (retained) {
    retained = parts_.jobs.retain(upgrade.back);
  }
  if (!retained) {
    parts_.jobs.release(request.next.job);
    parts_.jobs.release(back);
    return std::move(retained).error();
  }
  return &add(std::move(upgrade));
}

UpgradeRun& Upgrades::add(ha::StoredUpgrade upgrade) {
  const OperationId operation = upgrade.request.operation;
  auto& run = runs_[operation];
  run = std::make_unique<UpgradeRun>(
      std::move(upgrade), parts_, [this, operation](const Result<runtime::UpgradeReply>& reply) {
        answered(operation, reply);
      });
  return *run;
}

void Upgrades::resume(std::vector<ha::StoredUpgrade> upgrades,
                      const std::vector<ha::StoredJob>& jobs) {
  for (ha::StoredUpgrade& one : upgrades) {
    const OperationId operation = one.request.operation;
    if (one.progress.step == ha::UpgradeStep::kAnswered) {
      log_.finish(operation, ha::answerOf(one.progress));
      continue;
    }
    static_cast<void>(log_.begin(operation, [](const auto&) {}));  // Who asks joins it.
    for (const runtime::SubmitRequest* program : {&one.request.next, &one.back}) {
      if (const Status kept = parts_.jobs.retain(*program); !kept) {
        log::error("a file of a program of an upgrade is not there",
                   {{"job", program->job.hex()}, {"reason", kept.error().text()}});
      }
    }
    add(std::move(one)).resume(jobs);
  }
}

void Upgrades::start() {
  for (const auto& [operation, run] : runs_) {
    run->start();
  }
}

UpgradeRun* Upgrades::of(JobId job) const {
  for (const auto& [operation, run] : runs_) {
    if (run->state().concerns(job)) {
      return run.get();
    }
  }
  return nullptr;
}

void Upgrades::changed(JobId job) {
  if (UpgradeRun* run = of(job)) {
    run->changed();
  }
}

void Upgrades::savepointEnded(const ha::SavepointAnswer& answer) {
  if (const auto found = runs_.find(answer.operation); found != runs_.end()) {
    found->second->savepointEnded(answer.result);
  }
}

void Upgrades::jobEnding(JobId job,
                         const runtime::JobResult& result,
                         std::function<void()> forget) {
  if (UpgradeRun* run = of(job)) {
    run->jobEnding(job, result, std::move(forget));
  } else {
    forget();
  }
}

void Upgrades::answered(OperationId operation, const Result<runtime::UpgradeReply>& reply) {
  parts_.strand.post([this, alive = std::weak_ptr<bool>(alive_), operation] {
    if (alive.expired()) {
      return;
    }
    if (const auto found = runs_.find(operation); found != runs_.end()) {
      found->second->abandon();
      releaseUnused(*found->second);
      runs_.erase(found);  // Not before: it was in the middle of a call.
    }
  });
  log_.finish(operation, reply);
}

/// What was never submitted; of jobs that were, their end releases it.
void Upgrades::releaseUnused(const UpgradeRun& run) {
  for (const JobId job : {run.state().next().job, run.state().back().job}) {
    if (!parts_.jobs.standing(job)) {
      parts_.jobs.release(job);
    }
  }
}

void Upgrades::close(const Error& why) {
  closed_ = why;
  for (const auto& [operation, run] : runs_) {
    run->abandon();
  }
  runs_.clear();
  log_.finishAll(why);
}

void Upgrades::drop(const Error& why) {
  closed_ = why;
  runs_.clear();
  log_.finishAll(why);
}

}  // namespace weir::jobmanager
