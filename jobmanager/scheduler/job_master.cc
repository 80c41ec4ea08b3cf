#include "jobmanager/scheduler/job_master.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {

using runtime::JobState;

namespace {

constexpr Duration kBeyondStrategy = std::chrono::milliseconds(100);

/// Attempts are numbered on where a later leader takes the job up again: files are named by them.
AttemptId lastBefore(LeaderEpoch epoch) {
  constexpr std::uint64_t kOfOneLeader = 1'000'000;
  return AttemptId((std::max<std::uint64_t>(epoch.value(), 1) - 1) * kOfOneLeader);
}

}  // namespace

JobMaster::JobMaster(const JobServices& services,
                     JobOptions options,
                     runtime::SubmitRequest request,
                     JobListener& listener,
                     std::int64_t submitted_millis)
    : services_(services),
      options_(std::move(options)),
      listener_(listener),
      id_(request.job),
      program_(request.program),
      events_(id_, options_.event_bytes, listener),
      states_(request.graph, services.common.clock, events_),
      tasks_(id_,
             {services.store, states_, events_, coordinator_, probe_},
             [this] { savepoints_.checkpointCompleted(); }),
      outline_(std::make_shared<const JobOutline>(JobOutline::of(graph()))),
      restarts_({graph().restart, options_.restart, graph().checkpoints.enabled},
                services.common.strand,
                services.common.clock,
                services.random),
      coordinator_(services.common, graph(), checkpointSetup(options_, request), tasks_),
      savepoints_(id_, states_, services.savepoints, coordinator_),
      stop_(id_, savepoints_, coordinator_),
      probe_(services.common, services.random, services.resources, options_.machine),
      restore_(id_,
               services.common,
               options_.storage.directory,
               options_.metadata_limit,
               request.restore,
               graph(),
               services.savepoints,
               savepoints_,
               coordinator_),
      ending_(id_,
              {services.store, states_, events_, coordinator_, restore_, savepoints_, listener},
              options_.has_processed != nullptr,
              submitted_millis > 0 ? submitted_millis : states_.now()) {}

void JobMaster::start(std::optional<ha::JobCheckpoints> stored,
                      Callback<runtime::SubmitReply> done) {
  log::info(
      stored ? "job is taken up again" : "job accepted",
      {{"job", id_.hex()},
       {"name", graph().name},
       {"parallelism", program_.default_parallelism},
       {"operators", graph().operators.size()},
       {"subtasks", states_.graph().size()},
       {"slots", slotsNeeded(graph())},
       {"checkpoints",
        graph().checkpoints.enabled ? std::to_string(graph().checkpoints.interval.count()) + " ms"
                                    : "none"},
       {"restart", restarts_.strategy().describe()},
       {"savepoint", restore_.path().empty() ? "none" : restore_.path()}});
  states_.created();
  if (stored && stored->stopped) {
    stop_.resume();
  }
  if (stored && stored->result) {
    failure_ = stored->result->cause;
    phase_ = Phase::kEnding;
    ending_.resume(*stored, [this] { listener_.jobEnded(id_); });
    done(runtime::SubmitReply{});
    return;
  }
  phase_ = Phase::kRestoring;
  restore_.open(std::move(stored),
                [this, done = std::move(done)](const Result<runtime::RestoreReport>& report) {
                  phase_ = Phase::kTrying;
                  report ? accept(*report, done) : refuse(report.error(), done);
                });
}

void JobMaster::refuse(const Error& why, const Callback<runtime::SubmitReply>& done) {
  may_restart_ = false;
  fail(why);
  afterAttempt();  // Goes on when it was cancelled meanwhile.
  done(why);
}

void JobMaster::accept(const runtime::RestoreReport& report,
                       const Callback<runtime::SubmitReply>& done) {
  if (state() != JobState::kCreated) {  // Cancelled while its savepoint was read.
    afterAttempt();
    done(Error(ErrorCode::kCancelled, label() + " was cancelled before it started"));
    return;
  }
  schedule();
  done(runtime::SubmitReply{report});
}

void JobMaster::schedule() {
  const AttemptId last =
      attempt_ == nullptr ? lastBefore(services_.store.epoch()) : attempt_->execution().attempt;
  const runtime::ExecutionId execution{id_, last.next(), services_.store.epoch()};
  attempt_ = std::make_unique<Attempt>(
      execution,
      Attempt::Job{
          services_, options_, program_, states_, coordinator_, restore_, probe_, stop_.complete()},
      *this);
  tasks_.follow(*attempt_);
}

void JobMaster::taskManagerLost(TaskManagerId id, const std::string& reason) {
  probe_.lost(id);
  if (attempt_ != nullptr) {
    attempt_->taskManagerLost(id, reason);
  }
}

void JobMaster::savepoint(const runtime::SavepointRequest& request,
                          std::function<void(const runtime::SavepointProgress&)> progress,
                          Callback<runtime::SavepointResult> done,
                          SnapshotCheck check) {
  const bool stops = request.stop != runtime::StopMode::kNone;
  const std::string what = (stops ? "stop " : "savepoint of ") + label();
  if (Status may = stop_.mayTake(request, attempt_.get()); !may) {
    done(std::move(may).error().during(what));
    return;
  }
  if (stops) {
    const auto named = [what, done](Result<runtime::SavepointResult> result) {
      done(std::move(result).during(what));
    };
    stop_.take(request, std::move(check), std::move(progress), named, attempt_.get());
    return;
  }
  savepoints_.take(request,
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

Status JobMaster::mayStop() const {
  runtime::SavepointRequest stop;
  stop.stop = runtime::StopMode::kSuspend;
  WEIR_RETURN_IF_ERROR(stop_.mayTake(stop, attempt_.get()));
  return savepoints_.mayTake();
}

void JobMaster::cancel(Callback<std::monostate> done) {
  if (phase_ == Phase::kEnding || runtime::isTerminal(state())) {
    done(Error(ErrorCode::kFailedPrecondition,
               label() + " has ended: it is " + std::string(toString(state()))));
    return;
  }
  const JobState before = state();
  if (before != JobState::kCancelling) {  // Else it was told before.
    log::info("job is cancelled", {{"job", id_.hex()}, {"state", toString(before)}});
  }
  done(ok());
  if (before == JobState::kRestarting) {
    restarts_.cancelPause();
    end(JobState::kCanceled);
    return;
  }
  states_.move(JobState::kCancelling);
  if (before != JobState::kFailing && before != JobState::kCancelling) {
    stopAttempt(Error(ErrorCode::kCancelled, label() + " was cancelled"));
  }
}

void JobMaster::abandon(const std::string& reason) {
  may_restart_ = false;
  restarts_.cancelPause();
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
            {{"job", id_.hex()},
             {"attempt", attempt_ == nullptr ? 0 : attempt_->execution().attempt.value()},
             {"reason", cutText(failure_, kMostLoggedBytes)}});
  states_.move(JobState::kFailing, failure_);
  stopAttempt(Error(ErrorCode::kUnavailable, label() + " failed: " + why.message()));
}

void JobMaster::stopAttempt(const Error& why) {
  if (attempt_ == nullptr || attempt_->over()) {
    attemptOver();
  } else {
    attempt_->end(why);
  }
}

void JobMaster::attemptOver() {
  coordinator_.stop(Error(ErrorCode::kFailedPrecondition, label() + " is finishing"));
  states_.moveTasks(runtime::TaskState::kCanceled);
  coordinator_.attemptEnded();
  coordinator_.whenSettled([this] { afterAttempt(); });
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
      options_.has_processed && restarts_.strategy().isDefault() && !options_.has_processed();
  std::optional<std::string> restart;
  if (may_restart_ && attempt_->recoverable() && !hopeless) {
    const auto again = [this] {
      states_.move(JobState::kCreated);
      schedule();
    };
    restart = restarts_.pause(attempt_->execution(), failure_, again);
    if (!restart && stop_.takeRestart()) {
      restart = restarts_.pauseFor(kBeyondStrategy, attempt_->execution(), failure_, again);
    }
  }
  if (restart) {
    states_.move(JobState::kRestarting, *restart);
  } else {
    end(JobState::kFailed);
  }
}

void JobMaster::end(JobState terminal) {
  phase_ = Phase::kEnding;
  ending_.run(terminal, failure_, [this] { listener_.jobEnded(id_); });
}

runtime::JobSummary JobMaster::summary() const {
  constexpr std::size_t kMostListedBytes = 1000;  // Of a failure, in a list of jobs.
  return {.id = id_,
          .name = graph().name,
          .state = state(),
          .start_millis = ending_.startMillis(),
          .end_millis = ending_.endMillis(),
          .restarts = restarts_.count(),
          .failure = cutText(failure_, kMostListedBytes),
          .waiting = waitsFor()};
}

std::string JobMaster::waitsFor() const {
  if (phase_ == Phase::kRestoring) {
    return "for " + (restore_.unread() ? "its checkpoints" : "savepoint " + restore_.path()) +
           " to be read";
  }
  if (runtime::isTerminal(state())) {
    return {};
  }
  if (state() == JobState::kRestarting) {
    return "to restart in " + restarts_.left();
  }
  return attempt_ == nullptr ? std::string() : attempt_->waitsFor();
}

JobView JobMaster::view() const {
  JobView view = JobView::of(states_.graph(), coordinator_.history());
  view.summary = summary();
  view.failure = failure_;
  view.outline = outline_;
  return view;
}

}  // namespace weir::jobmanager
