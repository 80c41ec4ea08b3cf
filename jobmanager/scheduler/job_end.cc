// How attempts and jobs end: failures, cancelling, restarts; the other half of job_master.cc.

#include <utility>

#include "common/base/text.h"
#include "common/telemetry/log.h"
#include "jobmanager/scheduler/job_master.h"

namespace weir::jobmanager {

using runtime::JobState;
using runtime::TaskState;

namespace {
constexpr std::size_t kRememberedEvents = 1000;

/// About what an event holds.
std::uint64_t bytesOf(const runtime::JobEvent& event) {
  std::uint64_t bytes = sizeof event;
  if (const auto* job = std::get_if<runtime::JobStateChange>(&event)) {
    bytes += job->cause.size();
  } else if (const auto* task = std::get_if<runtime::TaskStateChange>(&event)) {
    bytes += task->cause.size() + task->task_name.size();
  } else if (const auto* result = std::get_if<runtime::JobResult>(&event)) {
    bytes += result->cause.size();
    for (const runtime::AccumulatorValue& value : result->accumulators) {
      bytes += value.name.size() + value.bytes.size();
    }
  }
  return bytes;
}
}  // namespace

void JobMaster::fail(const Error& why, bool recoverable) {
  recoverable_ = recoverable_ && recoverable;
  if (ending_ || !ExecutionGraph::mayFollow(state(), JobState::kFailing)) {
    return;
  }
  failure_ = cutText(why.text(), kMostFailureBytes);
  log::info("job fails",
            {{"job", id_.hex()},
             {"attempt", execution_.attempt.value()},
             {"reason", cutText(failure_, kMostLoggedBytes)}});
  move(JobState::kFailing, failure_);
  stopAttempt(Error(ErrorCode::kUnavailable, label() + " failed: " + why.message()));
}

void JobMaster::cancel(Callback<std::monostate> done) {
  if (ending_ || runtime::isTerminal(state())) {
    done(Error(ErrorCode::kFailedPrecondition,
               label() + " has ended: it is " + std::string(toString(state()))));
    return;
  }
  if (state() != JobState::kCancelling) {  // Else it was told before.
    log::info("job is cancelled", {{"job", id_.hex()}, {"state", toString(state())}});
  }
  done(ok());
  if (state() == JobState::kRestarting) {
    timer_.reset();
    end(JobState::kCanceled);
    return;
  }
  const bool stopping = state() == JobState::kFailing;
  if (state() == JobState::kCancelling) {
    return;
  }
  move(JobState::kCancelling);
  if (!stopping) {
    stopAttempt(Error(ErrorCode::kCancelled, label() + " was cancelled"));
  }
}

void JobMaster::abandon(const std::string& reason) {
  recoverable_ = false;
  if (state() == JobState::kRestarting) {
    timer_.reset();
  }
  fail(Error(ErrorCode::kUnavailable, reason), false);
}

void JobMaster::giveUp() {
  if (attempt_ != nullptr) {
    attemptOver();
  }
}

void JobMaster::stopAttempt(const Error& why) {
  timer_.reset();
  coordinator_.stop(why);
  services_.resources.withdraw(execution_);
  probe_.cancel();
  if (attempt_ != nullptr && !attempt_->deployed()) {
    attempt_->giveBack();
  }
  if (attempt_ == nullptr || attempt_->allGone()) {
    attemptOver();
    return;
  }
  for (const runtime::TaskId& task : graph_.moveAll(TaskState::kCanceling, now())) {
    emitTask(task, {});
  }
  attempt_->sendToAll(runtime::CancelOrder{execution_});
  timer_ = services_.common.strand.schedule(options_.cancel_wait, [this] {
    log::error("a worker did not end in time; its slots stay taken", {{"job", id_.hex()}});
    attemptOver();
  });
}

void JobMaster::attemptOver() {
  timer_.reset();
  coordinator_.stop(Error(ErrorCode::kFailedPrecondition, label() + " is finishing"));
  for (const runtime::TaskId& task : graph_.moveAll(TaskState::kCanceled, now())) {
    emitTask(task, {});
  }
  attempt_.reset();
  offers_.clear();
  coordinator_.attemptEnded();
  coordinator_.whenSettled([this] { afterAttempt(); });
}

void JobMaster::afterAttempt() {
  if (ending_ || opening_ || attempt_ != nullptr) {
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
  std::optional<Duration> pause;
  const bool hopeless =
      options_.has_processed && strategy_.isDefault() && !options_.has_processed();
  if (recoverable_ && !hopeless) {
    pause = strategy_.onFailure(services_.common.clock.now(), services_.random);
  }
  if (!pause) {
    end(JobState::kFailed);
    return;
  }
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(*pause).count();
  log::warn("job restarts after a pause",
            {{"job", id_.hex()},
             {"attempt", execution_.attempt.value()},
             {"restart", restarts_ + 1},
             {"pause_ms", millis},
             {"strategy", strategy_.describe()},
             {"reason", cutText(failure_, kMostLoggedBytes)}});
  move(JobState::kRestarting,
       "restart " + std::to_string(restarts_ + 1) + " in " + std::to_string(millis) +
           " ms: " + failure_);
  restarts_at_ = services_.common.clock.now() + *pause;
  timer_ = services_.common.strand.schedule(*pause, [this] {
    ++restarts_;
    timer_.reset();
    move(JobState::kCreated);
    schedule();
  });
}

void JobMaster::end(JobState terminal) {
  ending_ = true;
  timer_.reset();
  coordinator_.end(terminal == JobState::kFailed, [this, terminal] {
    releaseMarks([this, terminal] { ended(terminal); });  // Others may dispose what it used now.
  });
}

void JobMaster::ended(JobState terminal) {
  end_millis_ = now();
  // A failure that a restart has mended is not the reason of the end.
  const std::string reason = terminal == JobState::kFailed ? failure_ : std::string();
  const bool alarming = terminal == JobState::kFailed && !options_.has_processed;
  move(terminal, reason);
  log::write(alarming ? log::Level::kWarn : log::Level::kInfo,
             "job ended",
             {{"job", id_.hex()},
              {"state", toString(terminal)},
              {"reason", cutText(reason, kMostLoggedBytes)}});
  emit(runtime::JobResult{.state = terminal,
                          .runtime_millis = end_millis_ - start_millis_,
                          .cause = reason,
                          .accumulators = graph_.accumulators()});
  listener_.jobEnded(id_);
}

void JobMaster::move(JobState to, const std::string& cause) {
  if (graph_.transition(to, now())) {
    emit(runtime::JobStateChange{now(), to, cutText(cause, kMostLoggedBytes)});
  }
}

void JobMaster::emit(runtime::JobEvent event) {
  events_.push_back(event);
  event_bytes_ += bytesOf(event);
  // The newest stays in any case: it may be the result.
  while (events_.size() > kRememberedEvents ||
         (events_.size() > 1 && event_bytes_ > options_.event_bytes)) {
    event_bytes_ -= bytesOf(events_.front());
    events_.pop_front();
  }
  listener_.jobEvent(id_, event);
  listener_.jobChanged(id_);
}

void JobMaster::emitTask(const runtime::TaskId& task, const std::string& cause) {
  const graph::JobVertex* vertex = graph_.vertex(task.vertex);
  const TaskExecution* execution = graph_.find(task);
  emit(runtime::TaskStateChange{.millis = now(),
                                .task_name = vertex->name,
                                .subtask = task.subtask,
                                .parallelism = vertex->parallelism,
                                .state = execution->state,
                                .cause = cutText(cause, kMostLoggedBytes)});
}

}  // namespace weir::jobmanager
