#include "jobmanager/scheduler/attempt.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {

using runtime::JobState;
using runtime::TaskState;

runtime::ExecutionId Attempt::after(const Attempt* last, JobId job, LeaderEpoch epoch) {
  constexpr std::uint64_t kOfOneLeader = 1'000'000;
  const AttemptId first((std::max<std::uint64_t>(epoch.value(), 1) - 1) * kOfOneLeader + 1);
  return {job, last == nullptr ? first : std::max(first, last->execution_.attempt.next()), epoch};
}

Attempt::Attempt(const runtime::ExecutionId& execution, const Job& job, AttemptOwner& owner)
    : Attempt(execution, job, owner, false) {
  job_.states.beginAttempt(execution_.attempt);
  job_.states.moveTasks(TaskState::kScheduled);
  placing_.find([this](Result<Placement> placement) {
    if (placement) {
      deploy(*std::move(placement));
    } else {
      const bool lost = placement.error().code() == ErrorCode::kUnavailable;
      fail(placement.error(), lost ? Restart::kHelps : unlessNew());
    }
  });
}

Attempt::Attempt(const ha::DeployedAttempt& deployed, const Job& job, AttemptOwner& owner)
    : Attempt(deployed.execution, job, owner, true) {
  job_.states.beginAttempt(execution_.attempt);
  workers_.emplace(
      execution_, placementOf(deployed), job_.states.graph().shared(), job_.services.resources);
  state_ = State::kStarting;
}

Attempt::Attempt(const runtime::ExecutionId& execution,
                 const Job& job,
                 AttemptOwner& owner,
                 bool adopted)
    : execution_(execution),
      job_(job),
      owner_(owner),
      adopted_(adopted),
      placing_(execution,
               job.states.graph().graph(),
               job.options,
               job.services.resources,
               job.probe,
               job.services.store,
               job.stopped),
      finish_({job.states, job.coordinator, job.services.common.strand, label()},
              {.order = [this] { workers_->sendToAll(runtime::FinishOrder{execution_}); },
               .fail = [this](const Error& why) { fail(why); },
               .over = [this] { becomeOver(); }}) {}

void Attempt::adopt(const HeldTasks& held) {
  workers_->adopt();
  setHosts();
  job_.states.move(JobState::kRunning, adoptedAfter(execution_.attempt, held.took));
  job_.states.moveTasks(TaskState::kDeploying);
  for (const runtime::TaskUpdate& one : held.updates) {
    update(one);
  }
  for (const auto& [from, exited] : held.exits) {
    workerExited(from, exited);
  }
}

void Attempt::setHosts() {
  for (const runtime::TaskId& task : job_.states.graph().tasks()) {
    job_.states.setHost(task, workers_->hostOf(task));
  }
}

void Attempt::deploy(Placement placement) {
  workers_.emplace(
      execution_, std::move(placement), job_.states.graph().shared(), job_.services.resources);
  if (workers_->incomplete()) {
    workers_->giveBack();
    workers_.reset();
    fail(Error(ErrorCode::kUnavailable, "a task manager was lost before " + label() + " started"));
    return;
  }
  state_ = State::kStarting;
  setHosts();
  job_.states.move(JobState::kRunning);
  job_.states.moveTasks(TaskState::kDeploying);
  auto restores = job_.restore.restores(execution_.attempt);
  restore_progress_ = RestoreProgress(restores, job_.services.common.clock.now());
  workers_->deploy({.program = job_.program,
                    .restores = std::move(restores),
                    .storage = job_.options.storage,
                    .configuration = job_.options.configuration,
                    .stopped = job_.stopped},
                   job_.services.common.blobs.store(),
                   job_.options.most_inline_restore,
                   job_.services.random);
}

/// Some tasks of an adopted one may have finished: it had taken its final checkpoint.
void Attempt::startCheckpoints() {
  log::info("all tasks run",
            {{"job", execution_.job.hex()}, {"attempt", execution_.attempt.value()}});
  workers_->restored();
  state_ = State::kRunning;
  const bool finishes = job_.stopped || !job_.states.graph().all(TaskState::kRunning);
  if (adopted_) {
    job_.coordinator.adopt();
  }
  if (!finishes) {
    job_.coordinator.start();
  }
  finish_.begin(finishes);
  job_.take_up.open();
}

bool Attempt::allStarted() const {
  const ExecutionGraph& graph = job_.states.graph();
  return graph.all(TaskState::kRunning) || (adopted_ && graph.starting() == 0);
}

void Attempt::update(const runtime::TaskUpdate& update) {
  if (!workers_) {
    return;
  }
  const ExecutionGraph& graph = job_.states.graph();
  const bool news = job_.states.apply(update);
  restore_progress_.heard(update);
  if (graph.accumulatorClash() && live()) {
    fail(*graph.accumulatorClash(), Restart::kDoesNotHelp);  // Each attempt would bring it again.
    return;
  }
  if (!news || !live()) {
    return;
  }
  const TaskState state = graph.find(update.task)->state;
  if (state == TaskState::kFailed || state == TaskState::kCanceled) {
    taskFailed(update);
    return;
  }
  if (state_ == State::kStarting && allStarted()) {
    startCheckpoints();
  }
  finish_.proceed();
}

void Attempt::taskFailed(const runtime::TaskUpdate& update) {
  const std::string cause = update.cause.empty() ? "it ended without saying why" : update.cause;
  fail(Error(ErrorCode::kUserCode,
             "task " + job_.states.graph().describe(update.task) + " on " +
                 workers_->hostOf(update.task) + " failed: " + cause),
       update.unrecoverable ? Restart::kDoesNotHelp : Restart::kHelps);
}

void Attempt::workerExited(TaskManagerId from, const runtime::WorkerExited& exited) {
  if (!workers_ || !workers_->hasWorker(from)) {
    return;
  }
  const std::string cause =
      "worker on " + workers_->hostOf(from) +
      " ended: " + (exited.cause.empty() ? "it exited before its job ended" : exited.cause);
  recoverable_ = recoverable_ && !exited.unrecoverable;
  const bool was_killed = exited.expected && !exited.cause.empty();
  if (job_.states.job() == JobState::kCancelling && was_killed) {
    log::warn("a cancel was not obeyed",
              {{"job", execution_.job.hex()}, {"reason", cutText(cause, kMostLoggedBytes)}});
    owner_.causeKnown(cause);
    workerGone(from, cause, cutText(cause, kMostFailureBytes));
    return;
  }
  if (!exited.expected && !exited.cause.empty()) {
    blameWorker(cause);
  }
  workerGone(from, cause);
}

void Attempt::taskManagerLost(TaskManagerId id, const std::string& reason) {
  if (workers_ && workers_->hasWorker(id)) {
    const std::string cause = "task manager on " + workers_->hostOf(id) + " was lost: " + reason;
    blameWorker(cause);
    workerGone(id, cause);
  }
}

/// Its peers may have said first that they lost it; how it ended says more.
void Attempt::blameWorker(const std::string& cause) {
  if (job_.states.job() == JobState::kFailing && !std::exchange(worker_blamed_, true)) {
    log::warn("the failure's cause is known now",
              {{"job", execution_.job.hex()}, {"reason", cutText(cause, kMostLoggedBytes)}});
    owner_.causeKnown(cause);
  }
}

void Attempt::workerGone(TaskManagerId id, const std::string& cause, std::string cancel_cause) {
  workers_->workerGone(id);
  bool finished = true;
  const bool wanted = !live();
  for (const runtime::TaskId& task : workers_->tasksOn(id)) {
    const TaskExecution* execution = job_.states.graph().find(task);
    if (runtime::isTerminal(execution->state)) {
      continue;
    }
    finished = false;
    runtime::TaskUpdate gone;
    gone.task = task;
    gone.state = wanted ? TaskState::kCanceled : TaskState::kFailed;
    gone.cause = wanted ? std::exchange(cancel_cause, {}) : cause;  // Of many tasks, one says it.
    gone.metrics = execution->metrics;
    job_.states.apply(gone);
  }
  if (!finished && !wanted) {
    worker_blamed_ = true;
    fail(Error(ErrorCode::kUserCode, cause));
  } else if (workers_->allGone()) {
    becomeOver();
  }
}

Attempt::Restart Attempt::unlessNew() const {
  const auto running = static_cast<std::size_t>(JobState::kRunning);
  const bool is_new = !job_.taken_up && job_.states.graph().timestamps()[running] == 0;
  return is_new ? Restart::kDoesNotHelp : Restart::kHelps;
}

void Attempt::fail(const Error& why, Restart restart) {
  recoverable_ = recoverable_ && restart == Restart::kHelps;
  if (state_ < State::kEnding) {
    owner_.attemptFailed(why);
  }
}

void Attempt::end(const Error& why) {
  if (state_ >= State::kEnding) {
    return;
  }
  state_ = State::kEnding;
  placing_.cancel();
  finish_.cancel();
  job_.coordinator.stop(why);
  if (!workers_ || workers_->allGone()) {
    becomeOver();
    return;
  }
  job_.states.moveTasks(TaskState::kCanceling);
  workers_->sendToAll(runtime::CancelOrder{execution_});
  end_deadline_ = strand().schedule(job_.options.cancel_wait, [this] {
    log::error("a worker did not end in time; its slots stay taken",
               {{"job", execution_.job.hex()}});
    becomeOver();
  });
}

void Attempt::giveUp() {
  if (workers_) {
    becomeOver();
  }
}

void Attempt::becomeOver() {
  state_ = State::kOver;
  finish_.cancel();
  end_deadline_.reset();
  workers_.reset();
  owner_.attemptOver();
}

std::string Attempt::waitsFor() const {
  if (state_ == State::kPlacing) {
    return placing_.waitsFor();
  }
  if (live()) {
    if (std::string clause = finish_.waitsFor(); !clause.empty()) {
      return clause;
    }
    const ExecutionGraph& graph = job_.states.graph();
    return restore_progress_.waitsFor(
        graph.starting(), graph.size(), job_.services.common.clock.now());
  }
  return workers_ ? "for its workers to end: " + workers_->liveHosts()
                  : "for its snapshots to be stored or removed";
}

std::string Attempt::label() const {
  return "job " + execution_.job.hex() + " ('" + job_.states.graph().graph().name + "')";
}

}  // namespace weir::jobmanager
