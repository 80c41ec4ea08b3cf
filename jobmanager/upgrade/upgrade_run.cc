#include "jobmanager/upgrade/upgrade_run.h"

#include <algorithm>
#include <utility>

#include "common/base/crash_point.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {

using ha::UpgradeStep;

UpgradeRun::UpgradeRun(ha::StoredUpgrade upgrade, const Parts& parts, Answered answered)
    : state_(std::move(upgrade)),
      parts_(parts),
      patience_(parts.jobs.patienceFor(state_.request())),
      answered_(std::move(answered)),
      progress_(state_.request().operation, parts.store, parts.strand) {}

/// A call that does nothing once the run is gone.
template <typename Call>
auto UpgradeRun::guarded(Call call) {
  return [alive = std::weak_ptr<bool>(alive_), call = std::move(call)](const auto&... values) {
    if (!alive.expired()) {
      call(values...);
    }
  };
}

void UpgradeRun::begin() {
  state_.logStep("upgrade begins");
  const auto stored = [this](const Status& put) {
    if (put) {
      crashPoint("upgrade.begun");
      act();
    } else {
      answered_(
          Error(put.error()).during("store the upgrade of job " + state_.request().job.hex()));
    }
  };
  parts_.store.write(ha::PutUpgrade{state_.stored()}, guarded(stored));
}

void UpgradeRun::resume(const std::vector<ha::StoredJob>& jobs) {
  state_.logStep("upgrade is taken up again");
  if (state_.resume(jobs, now())) {
    advance();
  }
}

void UpgradeRun::start() {
  if (progress_.wroteNothing()) {  // Else a step is being stored, and is acted on then.
    act();
  }
}

/// The step is another one.
void UpgradeRun::advance() {
  state_.logStep("upgrade goes on");
  ready_ = false;
  ordered_ = false;
  deadline_.reset();
  progress_.write(state_.progress(), [this] { act(); });
}

void UpgradeRun::act() {
  ready_ = true;
  audience_.tell(state_.notice());
  switch (state_.step()) {
    case UpgradeStep::kBegun:
    case UpgradeStep::kAccepted:
    case UpgradeStep::kRunning:
      waitAtMost();
      break;
    case UpgradeStep::kStopped:
      break;
    case UpgradeStep::kStart:
      submitNext();
      return;
    case UpgradeStep::kFailed:
      parts_.jobs.cancel(state_.next().job);
      break;
    case UpgradeStep::kBack:
      waitAtMost();
      submitBack();
      return;
    case UpgradeStep::kAnswered:
      answered_(ha::answerOf(state_.progress()));
      return;
  }
  look();
}

/// The next one has one time-out for both of its steps.
void UpgradeRun::waitAtMost() {
  const SteadyTime time = parts_.clock.now();
  if (state_.step() != UpgradeStep::kRunning || !until_) {
    until_ = time + patience_.timeout;
  }
  deadline_ =
      parts_.strand.schedule(std::max(*until_ - time, Duration::zero()), [this] { timedOut(); });
}

void UpgradeRun::changed() {
  if (!ready_ || std::exchange(looking_, true)) {
    return;
  }
  parts_.strand.post(guarded([this] {  // Not within a call of the job.
    looking_ = false;
    if (ready_) {
      look();
    }
  }));
}

void UpgradeRun::look() {
  switch (state_.step()) {
    case UpgradeStep::kBegun:
      stopWhenRunning();
      break;
    case UpgradeStep::kStopped:
      if (!parts_.jobs.standing(state_.request().job)) {
        state_.go(UpgradeStep::kStart);
        advance();
      }
      break;
    case UpgradeStep::kAccepted:
    case UpgradeStep::kRunning:
      watchNext();
      break;
    case UpgradeStep::kFailed:
      if (!parts_.jobs.standing(state_.next().job)) {
        state_.go(UpgradeStep::kBack);
        advance();
      }
      break;
    case UpgradeStep::kBack:
      watchBack();
      break;
    case UpgradeStep::kStart:
    case UpgradeStep::kAnswered:
      break;
  }
}

void UpgradeRun::abandon() {
  ready_ = false;
  progress_.abandon();
}

/// One that is whole has stopped the job. Of others nothing is left: the job is stopped again.
void UpgradeRun::savepointEnded(const Result<runtime::SavepointResult>& result) {
  if (state_.step() == UpgradeStep::kBegun && !ordered_ && result) {
    state_.stoppedBefore(result->path);
    advance();
  }
}

void UpgradeRun::stopWhenRunning() {
  const auto standing = parts_.jobs.standing(state_.request().job);
  if (ordered_ || (standing && !standing->runs)) {
    return;
  }
  if (!standing) {
    refuse(endedUnstopped(state_.request().job));
    return;
  }
  ordered_ = true;
  deadline_.reset();  // The time-out of its checkpoints bounds what follows.
  state_.stopping(now());
  const auto done = [this](const Result<runtime::SavepointResult>& result) {
    if (result) {
      state_.stopped(result->path);
      advance();
    } else {
      refuse(result.error());
    }
  };
  parts_.jobs.stop(state_.request(), guarded(done));
}

void UpgradeRun::submitNext() {
  const auto done = [this](const Result<runtime::SubmitReply>& accepted) {
    if (state_.step() != UpgradeStep::kStart) {
      return;  // It has ended already.
    }
    if (accepted) {
      state_.accepted(accepted->restore);
      advance();
    } else {
      fail("was not accepted: " + accepted.error().text());
    }
  };
  parts_.jobs.submit(state_.fromSavepoint(state_.next()), guarded(done));
}

void UpgradeRun::watchNext() {
  const auto standing = parts_.jobs.standing(state_.next().job);
  if (!standing) {
    return;  // Told by jobEnding(), before.
  }
  if (state_.nextStands(standing->runs, now())) {
    parts_.jobs.checkpointSoon(state_.next().job);  // Its interval may be longer than our patience.
  }
  if (standing->checkpointed) {
    succeed();
  } else if (standing->restarts > patience_.restarts) {
    parts_.jobs.cancel(state_.next().job);
    fail(patience_.restartedTooOften(*standing));
  } else if (state_.step() == UpgradeStep::kAccepted && standing->runs) {
    state_.go(UpgradeStep::kRunning);
    advance();
  }
}

void UpgradeRun::watchBack() {
  const auto back = parts_.jobs.standing(state_.back().job);
  if (ordered_ && back && back->runs) {
    state_.backRuns(now(), {});
    advance();
  }
}

void UpgradeRun::timedOut() {
  const UpgradeStep step = state_.step();
  if (step == UpgradeStep::kBegun) {
    const auto standing = parts_.jobs.standing(state_.request().job);
    if (standing && standing->reading) {  // It may have stopped. Files have time-outs of their own.
      waitAtMost();
    } else {
      refuse(patience_.didNotRun(state_.request().job, standing));
    }
    return;
  }
  if (step == UpgradeStep::kBack) {
    const auto standing = parts_.jobs.standing(state_.back().job);
    state_.backRuns(now(), "does not run" + patience_.notWithin(standing));
    advance();
    return;
  }
  const auto standing = parts_.jobs.standing(state_.next().job);
  if (standing && standing->checkpointed) {
    succeed();
    return;
  }
  parts_.jobs.cancel(state_.next().job);
  fail("has completed no checkpoint" + patience_.notWithin(standing));
}

void UpgradeRun::submitBack() {
  const auto done = [this](const Result<runtime::SubmitReply>& accepted) {
    if (state_.step() != UpgradeStep::kBack) {
      return;  // It has ended already.
    }
    if (accepted) {
      ordered_ = true;
      changed();
    } else {
      runtime::JobResult refused;
      refused.state = runtime::JobState::kFailed;
      refused.cause = accepted.error().text();
      state_.backEnded(refused, now());
      advance();
    }
  };
  parts_.jobs.submit(state_.fromSavepoint(state_.back()), guarded(done));
}

void UpgradeRun::jobEnding(JobId job,
                           const runtime::JobResult& result,
                           std::function<void()> forget) {
  if (job == state_.next().job && state_.isOfNext()) {
    if (result.state == runtime::JobState::kFinished) {
      succeed();
    } else {
      fail(hasEnded(result));
    }
  } else if (job == state_.back().job && state_.step() == UpgradeStep::kBack) {
    state_.backEnded(result, now());
    advance();
  }
  progress_.whenStored(std::move(forget));
}

void UpgradeRun::succeed() {
  state_.succeed(now());
  advance();
}

}  // namespace weir::jobmanager
