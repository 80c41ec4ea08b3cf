#include "jobmanager/scheduler/job_master.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/fs/uri.h"
#include "common/telemetry/log.h"
#include "jobmanager/savepoint/savepoint_files.h"

namespace weir::jobmanager {

using runtime::JobState;
using runtime::TaskState;

namespace {

CheckpointCoordinator::Setup setupOf(const JobOptions& options,
                                     const runtime::SubmitRequest& request) {
  return {.origin = {.job = request.job,
                     .program_hash = request.program.executable.blob.sha256,
                     .writer = options.version},
          .program = hasCustomHandles(request.graph)
                         ? std::make_shared<const runtime::JobProgram>(
                               runtime::JobProgram{request.program, request.graph})
                         : nullptr,
          .storage = options.storage,
          .retained = options.retained_checkpoints,
          .history = options.checkpoint_history,
          .most_removals = options.most_removals,
          .metadata_limit = options.metadata_limit,
          .holder = options.holder};
}

std::string linesOf(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += (text.empty() ? "" : "; ") + line;
    if (text.size() > kMostLoggedBytes) {
      break;
    }
  }
  return text;
}

}  // namespace

JobMaster::JobMaster(const JobServices& services,
                     JobOptions options,
                     runtime::SubmitRequest request,
                     JobListener& listener)
    : services_(services),
      options_(std::move(options)),
      listener_(listener),
      id_(request.job),
      program_(request.program),
      restore_request_(request.restore),
      graph_(request.graph, toEpochMillis(services.common.clock.wallNow())),
      outline_(std::make_shared<const JobOutline>(JobOutline::of(graph_.graph()))),
      start_millis_(now()),
      strategy_(request.graph.restart, options_.restart, request.graph.checkpoints.enabled),
      coordinator_(services.common, graph_.graph(), setupOf(options_, request), *this),
      probe_(services.common, services.random, services.resources, options_.machine) {}

JobMaster::~JobMaster() { services_.resources.withdraw(execution_); }

// --------------------------------------------------------------------------------------- start

void JobMaster::start(Callback<runtime::SubmitReply> done) {
  log::info("job accepted",
            {{"job", id_.hex()},
             {"name", graph_.graph().name},
             {"parallelism", program_.default_parallelism},
             {"operators", graph_.graph().operators.size()},
             {"subtasks", graph_.size()},
             {"slots", slotsNeeded(graph_.graph())},
             {"checkpoints",
              graph_.graph().checkpoints.enabled
                  ? std::to_string(graph_.graph().checkpoints.interval.count()) + " ms"
                  : "none"},
             {"restart", strategy_.describe()},
             {"savepoint", restore_request_ ? restore_request_->path : "none"}});
  emit(runtime::JobStateChange{now(), JobState::kCreated, {}});
  if (restore_request_) {
    restore(*restore_request_, std::move(done));
  } else {
    accept({}, done);
  }
}

void JobMaster::restore(const runtime::RestoreRequest& request,
                        Callback<runtime::SubmitReply> done) {
  opening_ = true;
  services_.savepoints.open(
      request.path, [this, done = std::move(done)](Result<SavepointStore::Opened> opened) mutable {
        if (!opened) {
          refuse(opened.error(), done);
          return;
        }
        auto plan = matchState(opened->metadata, graph_.graph(), *restore_request_);
        if (!plan) {
          refuse(plan.error(), done);
          return;
        }
        restored({std::move(opened->path), std::move(opened->metadata), *std::move(plan)},
                 std::move(done));
      });
}

void JobMaster::refuse(const Error& why, const Callback<runtime::SubmitReply>& done) {
  opening_ = false;
  fail(why, false);
  afterAttempt();  // Goes on when it was cancelled meanwhile.
  done(why);
}

void JobMaster::restored(Restored restored, Callback<runtime::SubmitReply> done) {
  coordinator_.continueAfter(restored.metadata.checkpoint);
  log::info("savepoint matched",
            {{"job", id_.hex()},
             {"savepoint", restored.path},
             {"matched", linesOf(restored.plan.report.matched)},
             {"empty", linesOf(restored.plan.report.empty)},
             {"dropped", linesOf(restored.plan.report.dropped)}});
  restored_ = std::move(restored);
  restored_in_use_ = true;
  services_.savepoints.markInUse(restored_->path, id_, [this, done = std::move(done)] {
    accept(restored_->plan.report, done);
  });
}

void JobMaster::accept(const runtime::RestoreReport& report,
                       const Callback<runtime::SubmitReply>& done) {
  opening_ = false;
  if (state() != JobState::kCreated) {  // Cancelled while its savepoint was read.
    afterAttempt();
    done(Error(ErrorCode::kCancelled, label() + " was cancelled before it started"));
    return;
  }
  schedule();
  done(runtime::SubmitReply{report});
}

void JobMaster::schedule() {
  execution_ = {id_, execution_.attempt.next(), options_.epoch};
  final_pending_ = final_taken_ = finish_sent_ = false;
  final_failures_ = 0;
  worker_to_blame_ = false;
  graph_.beginAttempt(execution_.attempt, now());
  for (const runtime::TaskId& task : graph_.moveAll(TaskState::kScheduled, now())) {
    emitTask(task, {});
  }
  services_.resources.allocate(execution_,
                               graph_.graph(),
                               options_.slot_wait,
                               [this, execution = execution_](Result<Placement> placement) {
                                 allocated(execution, std::move(placement));
                               });
}

void JobMaster::allocated(const runtime::ExecutionId& execution, Result<Placement> placement) {
  const bool wanted = execution == execution_ && state() == JobState::kCreated && !ending_;
  if (!wanted) {
    if (placement) {
      Attempt(execution, *std::move(placement), graph_.graph(), services_.resources).giveBack();
    }
    return;
  }
  if (!placement) {
    fail(placement.error(), has_run_);  // At first, waiting longer would not help.
    return;
  }
  attempt_ = std::make_unique<Attempt>(
      execution, *std::move(placement), graph_.graph(), services_.resources);
  for (const runtime::TaskId& task : graph_.tasks()) {
    graph_.setHost(task, attempt_->hostOf(task));
  }
  probe();
}

void JobMaster::probe() {
  std::vector<TaskManagerId> strangers;
  for (const TaskManagerId id : attempt_->taskManagers()) {
    if (!probed_.contains(id)) {
      strangers.push_back(id);
    }
  }
  if (strangers.empty() || options_.probe_directories.empty()) {
    deploy();
    return;
  }
  probe_.run(options_.probe_directories, strangers, [this, strangers](const Status& shared) {
    if (!shared) {
      fail(shared.error(), has_run_ || shared.error().code() == ErrorCode::kUnavailable);
      return;
    }
    probed_.insert(strangers.begin(), strangers.end());
    deploy();
  });
}

void JobMaster::deploy() {
  if (attempt_->incomplete()) {
    fail(Error(ErrorCode::kUnavailable, "a task manager was lost before " + label() + " started"));
    return;
  }
  move(JobState::kRunning);
  has_run_ = true;
  for (const runtime::TaskId& task : graph_.moveAll(TaskState::kDeploying, now())) {
    emitTask(task, {});
  }
  std::string token;
  for (int i = 0; i < 2; ++i) {
    const std::uint64_t bits = services_.random.next();
    token.append(reinterpret_cast<const char*>(&bits), sizeof bits);
  }
  runtime::Restores restored = restores();
  offers_ =
      blob::offerInline(restored, services_.common.blobs.store(), options_.most_inline_restore);
  attempt_->deploy({.program = program_,
                    .restores = std::move(restored),
                    .storage = options_.storage,
                    .configuration = options_.configuration,
                    .token = std::move(token)});
}

runtime::Restores JobMaster::restores() const {
  if (const CompletedCheckpoint* latest = coordinator_.latest()) {
    log::info("restoring from a checkpoint",
              {{"job", id_.hex()},
               {"id", latest->metadata.checkpoint.value()},
               {"attempt", execution_.attempt.value()}});
    return restoreSame(latest->metadata, graph_.graph()).restores;
  }
  return restored_ ? restored_->plan.restores : runtime::Restores{};
}

// -------------------------------------------------------------------------------------- reports

void JobMaster::report(TaskManagerId from, const runtime::TaskManagerReport& report) {
  if (const auto* updates = std::get_if<std::vector<runtime::TaskUpdate>>(&report)) {
    for (const runtime::TaskUpdate& one : *updates) {
      if (one.execution == execution_ && speaksFor(from, one.task)) {
        update(one);
      }
    }
  } else if (const auto* ack = std::get_if<runtime::CheckpointAck>(&report)) {
    const bool known = graph_.find(ack->task) != nullptr;
    if (ack->execution == execution_ && known && !speaksFor(from, ack->task)) {
      return;  // Its files are another's, or nobody's.
    }
    if (ack->execution == execution_ && known) {
      coordinator_.acknowledge(*ack);
    } else {
      coordinator_.discardLate(*ack);
    }
  } else if (const auto* decline = std::get_if<runtime::CheckpointDecline>(&report)) {
    if (decline->execution == execution_ && speaksFor(from, decline->task)) {
      coordinator_.decline(*decline);
    }
  } else if (const auto* exited = std::get_if<runtime::WorkerExited>(&report)) {
    workerExited(from, *exited);
  } else if (const auto* result = std::get_if<runtime::ProbeResult>(&report)) {
    probe_.result(from, *result);
  }
  listener_.jobChanged(id_);
}

/// A task manager reports of its own subtasks only.
bool JobMaster::speaksFor(TaskManagerId from, const runtime::TaskId& task) const {
  if (attempt_ == nullptr || attempt_->runsOn(from, task)) {
    return true;
  }
  log::warn("a report of a task that does not run on its sender was dropped",
            {{"job", id_.hex()}, {"task_manager", from.hex()}, {"task", graph_.describe(task)}});
  return false;
}

void JobMaster::update(const runtime::TaskUpdate& update) {
  const TaskExecution* task = graph_.find(update.task);
  const TaskState before = task == nullptr ? TaskState::kCreated : task->state;
  if (attempt_ == nullptr) {
    return;
  }
  const bool news = graph_.apply(update, now());
  if (graph_.accumulatorClash() && state() == JobState::kRunning) {
    fail(*graph_.accumulatorClash(), /*recoverable=*/false);  // Each attempt would bring it again.
    return;
  }
  if (!news) {
    return;
  }
  if (task->state != before) {
    emitTask(update.task, update.cause);
  }
  if (state() != JobState::kRunning) {
    return;
  }
  if (task->state == TaskState::kFailed || task->state == TaskState::kCanceled) {
    taskFailed(update);
    return;
  }
  if (!finish_sent_ && !coordinator_.running() && graph_.all(TaskState::kRunning)) {
    startCheckpoints();
  }
  finishIfDone();
}

void JobMaster::startCheckpoints() {
  log::info("all tasks run", {{"job", id_.hex()}, {"attempt", execution_.attempt.value()}});
  offers_.clear();
  coordinator_.start();
}

void JobMaster::taskFailed(const runtime::TaskUpdate& update) {
  const std::string cause = update.cause.empty() ? "it ended without saying why" : update.cause;
  fail(Error(ErrorCode::kUserCode,
             "task " + graph_.describe(update.task) + " on " + attempt_->hostOf(update.task) +
                 " failed: " + cause),
       !update.unrecoverable);
}

void JobMaster::workerExited(TaskManagerId from, const runtime::WorkerExited& exited) {
  if (exited.execution != execution_ || attempt_ == nullptr || !attempt_->hasWorker(from)) {
    return;
  }
  const std::string cause =
      "worker on " + attempt_->hostOf(from) +
      " ended: " + (exited.cause.empty() ? "it exited before its job ended" : exited.cause);
  if (!exited.expected && !exited.cause.empty()) {
    blameWorker(cause);
  }
  recoverable_ = recoverable_ && !exited.unrecoverable;
  const bool was_killed = exited.expected && !exited.cause.empty();
  if (state() == JobState::kCancelling && was_killed) {
    log::warn("a cancel was not obeyed",
              {{"job", id_.hex()}, {"reason", cutText(cause, kMostLoggedBytes)}});
    failure_ = cutText(cause, kMostFailureBytes);
    workerGone(from, cause, failure_);
    return;
  }
  workerGone(from, cause);
}

/// Its peers may have said first that they lost it; how it ended says more.
void JobMaster::blameWorker(const std::string& cause) {
  if (state() == JobState::kFailing && !std::exchange(worker_to_blame_, true)) {
    log::warn("the failure's cause is known now",
              {{"job", id_.hex()}, {"reason", cutText(cause, kMostLoggedBytes)}});
    failure_ = cutText(cause, kMostFailureBytes);
  }
}

void JobMaster::taskManagerLost(TaskManagerId id, const std::string& reason) {
  probed_.erase(id);
  probe_.lost(id);
  if (attempt_ != nullptr && attempt_->hasWorker(id)) {
    const std::string cause = "task manager on " + attempt_->hostOf(id) + " was lost: " + reason;
    blameWorker(cause);
    workerGone(id, cause);
  }
}

void JobMaster::workerGone(TaskManagerId id, const std::string& cause, std::string cancel_cause) {
  attempt_->workerGone(id);
  bool finished = true;
  const bool wanted = state() != JobState::kRunning;
  for (const runtime::TaskId& task : attempt_->tasksOn(id)) {
    if (runtime::isTerminal(graph_.find(task)->state)) {
      continue;
    }
    finished = false;
    runtime::TaskUpdate gone;
    gone.task = task;
    gone.state = wanted ? TaskState::kCanceled : TaskState::kFailed;
    gone.cause = wanted ? std::exchange(cancel_cause, {}) : cause;  // Of many tasks, one says it.
    gone.metrics = graph_.find(task)->metrics;
    graph_.apply(gone, now());
    emitTask(task, gone.cause);
  }
  if (!finished && !wanted) {
    worker_to_blame_ = true;
    fail(Error(ErrorCode::kUserCode, cause));
  } else if (attempt_->allGone()) {
    attemptOver();
  }
}

// ------------------------------------------------------------------------------------- finishing

void JobMaster::finishIfDone() {
  if (state() != JobState::kRunning || attempt_ == nullptr || !graph_.allInputsEnded()) {
    return;
  }
  if (graph_.all(TaskState::kFinished)) {
    if (timer_ == nullptr) {  // Workers are reaped soon; one that is not does not hold up the job.
      timer_ = services_.common.strand.schedule(std::chrono::seconds(5), [this] { attemptOver(); });
    }
    return;
  }
  if (finish_sent_ || final_pending_) {
    return;
  }
  if (graph_.graph().checkpoints.enabled && !final_taken_) {
    if (coordinator_.running()) {
      takeFinalCheckpoint();
    }
    return;
  }
  if (!coordinator_.hasPendingSavepoints()) {
    finish_sent_ = true;
    coordinator_.stop(Error(ErrorCode::kFailedPrecondition, label() + " is finishing"));
    attempt_->sendToAll(runtime::FinishOrder{execution_});
  }
}

void JobMaster::takeFinalCheckpoint() {
  constexpr int kAttempts = 3;
  final_pending_ = true;
  coordinator_.takeFinal([this, execution = execution_](const Result<CheckpointId>& taken) {
    if (execution != execution_ || state() != JobState::kRunning) {
      return;
    }
    final_pending_ = false;
    final_taken_ = taken.has_value();
    if (!taken && ++final_failures_ >= kAttempts) {
      fail(Error(taken.error()).during("final checkpoint"));
    } else if (!taken) {
      final_pending_ = true;
      timer_ = services_.common.strand.schedule(graph_.graph().checkpoints.interval, [this] {
        final_pending_ = false;
        timer_.reset();
        finishIfDone();
      });
    } else {
      finishIfDone();
    }
  });
}

// ------------------------------------------------------------------------- checkpoints, savepoints

void JobMaster::trigger(const runtime::CheckpointOrder& order) {
  if (attempt_ != nullptr) {
    attempt_->sendToSources(runtime::TriggerOrder{execution_, order});
  }
  listener_.jobChanged(id_);
}

void JobMaster::notify(CheckpointId checkpoint, bool completed) {
  if (attempt_ != nullptr) {
    attempt_->sendToAll(runtime::NotifyOrder{execution_, checkpoint, completed});
  }
  listener_.jobChanged(id_);
}

std::string JobMaster::describe(const runtime::TaskId& task) const { return graph_.describe(task); }

void JobMaster::point(std::vector<ha::CheckpointPointer> retained, Callback<std::monostate> done) {
  Status put = services_.store.putCheckpoints(options_.epoch, id_, retained);
  if (!put) {
    log::error("the store of jobs did not take a checkpoint",
               {{"job", id_.hex()}, {"reason", put.error().message()}});
  }
  done(std::move(put).during("point to the checkpoint in the store of jobs"));
}

void JobMaster::checkpointCompleted(CheckpointId /*checkpoint*/) {
  releaseRestored();
  releaseTaken();
}

/// Of savepoints that this job took and would not recover from any more.
void JobMaster::releaseTaken() {
  const CompletedCheckpoint* latest = coordinator_.latest();
  std::erase_if(taken_, [&](const auto& one) {
    const bool outdated = latest != nullptr && one.first != latest->metadata.checkpoint;
    if (outdated) {
      services_.savepoints.releaseInUse(one.second, id_);
    }
    return outdated;
  });
}

void JobMaster::releaseMarks(std::function<void()> done) {
  std::vector<std::string> paths;
  if (std::exchange(restored_in_use_, false)) {
    paths.push_back(restored_->path);
  }
  for (auto& [id, path] : std::exchange(taken_, {})) {
    paths.push_back(path);
  }
  if (paths.empty()) {
    done();
    return;
  }
  auto left = std::make_shared<std::size_t>(paths.size());  // With the answers.
  for (const std::string& path : paths) {
    services_.savepoints.releaseInUse(path, id_, [left, done] {
      if (--*left == 0) {
        done();
      }
    });
  }
}

void JobMaster::releaseRestored() {
  if (std::exchange(restored_in_use_, false)) {
    services_.savepoints.releaseInUse(restored_->path, id_);
  }
}

void JobMaster::savepoint(const runtime::SavepointRequest& request,
                          std::function<void(const runtime::SavepointProgress&)> progress,
                          Callback<runtime::SavepointResult> done) {
  auto refuse = [&](std::string why, std::string advice) {
    done(Error(ErrorCode::kFailedPrecondition, "savepoint of " + label() + ": " + std::move(why))
             .advise(std::move(advice)));
  };
  if (!graph_.graph().checkpoints.enabled) {
    refuse("checkpointing is disabled", "enable it in the program with enableCheckpointing()");
    return;
  }
  if (state() != JobState::kRunning || !coordinator_.running()) {
    refuse("its tasks are not all running (the job is " + std::string(toString(state())) + ")",
           "try again when they are");
    return;
  }
  if (auto usable = fs::localPath(request.directory); !request.directory.empty() && !usable) {
    done(std::move(usable).error().during("savepoint of " + label()));
    return;
  }
  log::info("savepoint triggered",
            {{"job", id_.hex()},
             {"directory", request.directory},
             {"cancel", request.cancel_job ? "afterwards" : ""}});
  coordinator_.takeSavepoint(
      {.keep =
           [this, directory = request.directory](const runtime::CheckpointMetadata& metadata,
                                                 Callback<KeptSavepoint> kept) {
             services_.savepoints.keep(directory,
                                       metadata,
                                       coordinator_.program(),
                                       [this, id = metadata.checkpoint, kept = std::move(kept)](
                                           Result<KeptSavepoint> result) {
                                         if (result && !isHeapSavepoint(result->result.path)) {
                                           taken_.insert_or_assign(id, result->result.path);
                                         }
                                         kept(std::move(result));
                                       });
           },
       .progress = std::move(progress),
       .done =
           [this, cancel_job = request.cancel_job, done = std::move(done)](
               Result<runtime::SavepointResult> result) {
             const bool cancels = cancel_job && result.has_value() && !ending_;
             done(std::move(result).during("savepoint of " + label()));
             if (cancels) {
               cancel([](const Status&) {});
             } else {
               finishIfDone();
             }
           }});
}

}  // namespace weir::jobmanager
