#include "jobmanager/scheduler/job_master.h"

#include <utility>

#include "common/base/text.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {

using runtime::JobState;

JobMaster::JobMaster(const JobServices& services,
                     JobOptions options,
                     const runtime::SubmitRequest& request,
                     JobListener& listener,
                     std::int64_t submitted_millis)
    : services_(services),
      options_(std::move(options)),
      listener_(listener),
      parts_(services_, options_, request, listener, submitted_millis) {}

void JobMaster::start(std::optional<ha::JobCheckpoints> stored,
                      Callback<runtime::SubmitReply> done,
                      std::optional<ha::DeployedAttempt> attempt) {
  parts_.begin(stored.has_value(), options_);
  if (parts_.taken_up && attempt) {
    parts_.adoption.begin(*stored, *std::move(attempt), options_.adoption_wait);
  }
  parts_.states.created();
  phase_ = stored && stored->result ? Phase::kEnding : Phase::kRestoring;
  if (!stored) {
    return restore(std::nullopt, std::move(done));
  }
  parts_.take_over.run(*std::move(stored),
                       [this, done = std::move(done)](ha::JobCheckpoints settled) {
                         takeUp(std::move(settled), done);
                       });
}

void JobMaster::takeUp(ha::JobCheckpoints stored, const Callback<runtime::SubmitReply>& done) {
  parts_.adoption.settled(stored);
  parts_.savepoints.resume(stored.marks);
  if (stored.stopped) {
    parts_.stop.resume();
  }
  if (stored.result) {
    failure_ = stored.result->cause;
    parts_.ending.resume(stored, [this] { listener_.jobEnded(parts_.id); });
    done(runtime::SubmitReply{});
    return;
  }
  if (parts_.take_over.cancels()) {
    cancel([](const Status&) {});
  }
  restore(std::move(stored), done);
}

void JobMaster::restore(std::optional<ha::JobCheckpoints> stored,
                        Callback<runtime::SubmitReply> done) {
  parts_.restore.open(std::move(stored),
                      [this, done = std::move(done)](const Result<runtime::RestoreReport>& report) {
                        phase_ = Phase::kTrying;
                        report ? accept(*report, done) : refuse(report.error(), done);
                      });
}

void JobMaster::refuse(const Error& why, const Callback<runtime::SubmitReply>& done) {
  may_restart_ = false;
  fail(why);
  adoptOr(&JobMaster::afterAttempt);  // Goes on when it was cancelled meanwhile.
  done(why);
}

void JobMaster::accept(const runtime::RestoreReport& report,
                       const Callback<runtime::SubmitReply>& done) {
  if (state() != JobState::kCreated) {  // Cancelled while its savepoint was read.
    adoptOr(&JobMaster::afterAttempt);
    done(Error(ErrorCode::kCancelled, parts_.label() + " was cancelled before it started"));
    return;
  }
  adoptOr(&JobMaster::schedule);
  done(runtime::SubmitReply{report});
}

/// What an earlier leader left running is decided on first.
void JobMaster::adoptOr(void (JobMaster::*otherwise)()) {
  if (!parts_.adoption.undecided()) {
    (this->*otherwise)();
    return;
  }
  parts_.adoption.decide([this](const Result<HeldTasks>& held) {
    if (held) {
      adopt(*held);
    } else if (state() == JobState::kCreated) {
      schedule();
    } else {
      attemptOver();
    }
  });
}

void JobMaster::adopt(const HeldTasks& held) {
  attempt_ = std::make_unique<Attempt>(
      parts_.adoption.attempt(), parts_.attempts(services_, options_), *this);
  parts_.tasks.follow(*attempt_);
  attempt_->adopt(held);
}

void JobMaster::schedule() {
  attempt_ =
      std::make_unique<Attempt>(Attempt::after(attempt_.get(), parts_.id, services_.store.epoch()),
                                parts_.attempts(services_, options_),
                                *this);
  parts_.tasks.follow(*attempt_);
}

void JobMaster::taskManagerLost(TaskManagerId id, const std::string& reason) {
  parts_.probe.lost(id);
  parts_.adoption.lost(id, reason);
  if (attempt_ != nullptr) {
    attempt_->taskManagerLost(id, reason);
  }
}

void JobMaster::savepoint(const runtime::SavepointRequest& request,
                          std::function<void(const runtime::SavepointProgress&)> progress,
                          Callback<runtime::SavepointResult> done,
                          SnapshotCheck check) {
  const bool stops = request.stop != runtime::StopMode::kNone;
  const std::string what = (stops ? "stop " : "savepoint of ") + parts_.label();
  if (Status may = parts_.stop.mayTake(request, attempt_.get()); !may) {
    done(std::move(may).error().during(what));
    return;
  }
  if (stops) {
    const auto named = [what, done](Result<runtime::SavepointResult> result) {
      done(std::move(result).during(what));
    };
    parts_.stop.take(request, std::move(check), std::move(progress), named, attempt_.get());
    return;
  }
  parts_.savepoints.take(request,
                         std::move(check),
                         std::move(progress),
                         [this, what, cancel_job = request.cancel_job, done = std::move(done)](
                             Result<runtime::SavepointResult> result) {
                           const bool cancels =
                               cancel_job && result.has_value() && phase_ != Phase::kEnding;
                           done(std::move(result).during(what));
                           if (cancels) {
                             cancel([](const Status&) {});
                           } else if (attempt_ != nullptr) {
                             attempt_->savepointEnded();
                           }
                         });
}

void JobMaster::cancel(Callback<std::monostate> done) {
  if (phase_ == Phase::kEnding || runtime::isTerminal(state())) {
    done(Error(ErrorCode::kFailedPrecondition,
               parts_.label() + " has ended: it is " + std::string(toString(state()))));
    return;
  }
  const JobState before = state();
  if (before != JobState::kCancelling) {  // Else it was told before.
    log::info("job is cancelled", {{"job", parts_.id.hex()}, {"state", toString(before)}});
  }
  parts_.ending.cancelled(std::move(done));
  if (before == JobState::kRestarting) {
    parts_.restarts.cancelPause();
    end(JobState::kCanceled);
    return;
  }
  parts_.states.move(JobState::kCancelling);
  if (before != JobState::kFailing && before != JobState::kCancelling) {
    stopAttempt(Error(ErrorCode::kCancelled, parts_.label() + " was cancelled"));
  }
}

void JobMaster::abandon(const std::string& reason) {
  may_restart_ = false;
  parts_.restarts.cancelPause();
  fail(Error(ErrorCode::kUnavailable, reason));
}

void JobMaster::giveUp() {
  if (attempt_ != nullptr) {
    attempt_->giveUp();
  }
}

void JobMaster::fail(const Error& why) {
  if (phase_ == Phase::kEnding || !ExecutionGraph::mayFollow(state(), JobState::kFailing)) {
    return;
  }
  failure_ = cutText(why.text(), kMostFailureBytes);
  log::info("job fails",
            {{"job", parts_.id.hex()},
             {"attempt", attempt_ == nullptr ? 0 : attempt_->execution().attempt.value()},
             {"reason", cutText(failure_, kMostLoggedBytes)}});
  parts_.states.move(JobState::kFailing, failure_);
  stopAttempt(Error(ErrorCode::kUnavailable, parts_.label() + " failed: " + why.message()));
}

void JobMaster::stopAttempt(const Error& why) {
  parts_.restore.stopWaiting();
  if (parts_.adoption.undecided()) {
    parts_.adoption.giveUp(why);  // Which is answered once its workers have ended.
  } else if (attempt_ == nullptr || attempt_->over()) {
    attemptOver();
  } else {
    attempt_->end(why);
  }
}

void JobMaster::attemptOver() {
  parts_.coordinator.stop(Error(ErrorCode::kFailedPrecondition, parts_.label() + " is finishing"));
  parts_.states.moveTasks(runtime::TaskState::kCanceled);
  parts_.coordinator.attemptEnded();
  parts_.coordinator.whenSettled([this] { afterAttempt(); });
}

void JobMaster::afterAttempt() {
  if (phase_ != Phase::kTrying || (attempt_ != nullptr && !attempt_->over())) {
    return;
  }
  switch (state()) {
    case JobState::kRunning:
      end(JobState::kFinished);
      break;
    case JobState::kCancelling:
      end(JobState::kCanceled);
      break;
    case JobState::kFailing:
      restartOrFail();
      break;
    default:
      break;
  }
}

void JobMaster::restartOrFail() {
  const bool hopeless =
      options_.has_processed && parts_.restarts.strategy().isDefault() && !options_.has_processed();
  std::optional<std::string> restart;
  if (may_restart_ && attempt_->recoverable() && !hopeless) {
    restart = parts_.pause(attempt_->execution(), failure_, [this] {
      parts_.states.move(JobState::kCreated);
      schedule();
    });
  }
  if (restart) {
    parts_.states.move(JobState::kRestarting, *restart);
  } else {
    end(JobState::kFailed);
  }
}

void JobMaster::end(JobState terminal) {
  phase_ = Phase::kEnding;
  parts_.ending.run(terminal, failure_, [this] { listener_.jobEnded(parts_.id); });
}

runtime::JobSummary JobMaster::summary() const {
  std::string waits = attempt_ == nullptr ? "" : attempt_->waitsFor();
  return parts_.summary(failure_,
                        phase_ == Phase::kRestoring ? parts_.readsFor()
                                                    : parts_.waitsFor().value_or(std::move(waits)));
}

JobView JobMaster::view() const {
  JobView view = JobView::of(parts_.states.graph(), parts_.coordinator.history());
  view.summary = summary();
  view.failure = failure_;
  view.outline = parts_.outline;
  view.adoption = parts_.adoption.outcome();
  return view;
}

}  // namespace weir::jobmanager
