#include "jobmanager/scheduler/job_tasks.h"

#include <utility>

#include "common/base/overloaded.h"
#include "common/telemetry/log.h"
#include "jobmanager/checkpoint/short_duration.h"

namespace weir::jobmanager {

JobTasks::JobTasks(JobId job, const Parts& parts, std::function<void()> completed)
    : job_(job), parts_(parts), completed_(std::move(completed)) {}

// --------------------------------------------------------------------------------------- reports

void JobTasks::report(TaskManagerId from, const runtime::TaskManagerReport& report) {
  std::visit(
      Overloaded{[&](const std::vector<runtime::TaskUpdate>& updates) {
                   for (const runtime::TaskUpdate& one : updates) {
                     if (isCurrent(one.execution) && speaksFor(from, one.task)) {
                       attempt_->update(one);
                     }
                   }
                 },
                 [&](const runtime::CheckpointAck& ack) { acknowledged(from, ack); },
                 [&](const runtime::CheckpointDecline& decline) {
                   if (isCurrent(decline.execution) && speaksFor(from, decline.task)) {
                     parts_.coordinator.decline(decline);
                   }
                 },
                 [&](const runtime::WorkerExited& exited) {
                   if (isCurrent(exited.execution)) {
                     attempt_->workerExited(from, exited);
                   }
                 },
                 [&](const runtime::ProbeResult& result) { parts_.probe.result(from, result); },
                 // These concern no job.
                 [](const runtime::Heartbeat&) {},
                 [](const runtime::HandleDiscarded&) {}},
      report);
  parts_.events.changed();
}

bool JobTasks::isCurrent(const runtime::ExecutionId& execution) const {
  return attempt_ != nullptr && attempt_->execution() == execution;
}

/// A task manager reports of its own subtasks only.
bool JobTasks::speaksFor(TaskManagerId from, const runtime::TaskId& task) const {
  const AttemptWorkers* workers = attempt_->workers();
  if (workers == nullptr || workers->runsOn(from, task)) {
    return true;
  }
  log::warn("a report of a task that does not run on its sender was dropped",
            {{"job", job_.hex()}, {"task_manager", from.hex()}, {"task", describe(task)}});
  return false;
}

void JobTasks::acknowledged(TaskManagerId from, const runtime::CheckpointAck& ack) {
  if (!isCurrent(ack.execution) || parts_.states.graph().find(ack.task) == nullptr) {
    parts_.coordinator.discardLate(ack);
  } else if (speaksFor(from, ack.task)) {  // Else its files are another's, or nobody's.
    parts_.coordinator.acknowledge(ack);
  }
}

// ---------------------------------------------------------------------------------------- orders

void JobTasks::trigger(const runtime::CheckpointOrder& order) {
  if (AttemptWorkers* workers = attempt_->workers()) {
    workers->sendToSources(runtime::TriggerOrder{attempt_->execution(), order});
  }
  parts_.events.changed();
}

void JobTasks::notify(CheckpointId checkpoint, bool completed) {
  if (AttemptWorkers* workers = attempt_->workers()) {
    workers->sendToAll(runtime::NotifyOrder{attempt_->execution(), checkpoint, completed});
  }
  parts_.events.changed();
}

std::string JobTasks::describe(const runtime::TaskId& task) const {
  return parts_.states.graph().describe(task);
}

std::string JobTasks::hostOf(const runtime::TaskId& task) const {
  const TaskExecution* execution = parts_.states.graph().find(task);
  return execution == nullptr ? std::string() : execution->host;
}

std::string JobTasks::heldUp(const runtime::TaskId& task, std::int64_t since) const {
  const TaskExecution* execution = parts_.states.graph().find(task);
  if (execution == nullptr || execution->held.full.empty()) {
    return {};
  }
  const HeldTask& held = execution->held;
  const bool lasts = held.until == 0;
  if (!lasts && held.until < since) {
    return {};
  }
  const std::int64_t end = lasts ? parts_.states.now() : held.until;
  return (lasts ? "has taken no input for " : "took no input for ") +
         shortDuration(end - held.since) + ": the " + held.full + " of operator '" +
         held.operator_name + (lasts ? "' is full" : "' was full");
}

void JobTasks::point(ha::JobCheckpoints checkpoints, Callback<std::monostate> done) {
  parts_.store.putCheckpoints(
      job_, std::move(checkpoints), [job = job_, done = std::move(done)](Status put) {
        if (!put) {
          log::error("the store of jobs did not take a checkpoint",
                     {{"job", job.hex()}, {"reason", put.error().message()}});
        }
        done(std::move(put).during("point to the checkpoint in the store of jobs"));
      });
}

}  // namespace weir::jobmanager
