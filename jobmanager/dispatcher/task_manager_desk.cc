#include "jobmanager/dispatcher/task_manager_desk.h"

#include <string>
#include <variant>
#include <vector>

#include "common/base/overloaded.h"

namespace weir::jobmanager {

Status TaskManagerDesk::add(const runtime::Registration& registration,
                            const runtime::Holdings& holdings,
                            const std::shared_ptr<TaskManagerGateway>& gateway) {
  if (closed_) {
    return *closed_;
  }
  if (holdings.newest > epoch_) {
    return Error(ErrorCode::kUnavailable,
                 "this job manager leads in epoch " + std::to_string(epoch_.value()) +
                     ", and the task manager has obeyed one of epoch " +
                     std::to_string(holdings.newest.value()));
  }
  WEIR_RETURN_IF_ERROR(resources_.add(registration, gateway, holdings));
  jobs_.forEach([&](JobMaster& job) { job.adoption().registered(registration.id, holdings); });
  return ok();
}

void TaskManagerDesk::told(TaskManagerId from,
                           const TaskManagerGateway* gateway,
                           const runtime::ExecutionId& execution) {
  if (!resources_.isCurrent(from, gateway)) {
    return;
  }
  if (JobMaster* job = jobs_.find(execution.job)) {
    job->adoption().told(from, execution);
  } else {
    resources_.gateway(from)->giveUp(execution);
  }
}

void TaskManagerDesk::pass(JobId job,
                           TaskManagerId from,
                           const runtime::TaskManagerReport& report) {
  if (JobMaster* master = jobs_.find(job)) {
    master->report(from, report);
  }
}

void TaskManagerDesk::report(TaskManagerId from,
                             const TaskManagerGateway* gateway,
                             const runtime::TaskManagerReport& report) {
  if (!resources_.isCurrent(from, gateway) || discarder_.report(report)) {
    return;
  }
  std::visit(
      Overloaded{
          [&](const runtime::Heartbeat& heartbeat) { resources_.heartbeat(from, heartbeat); },
          [&](const std::vector<runtime::TaskUpdate>& updates) {
            for (const runtime::TaskUpdate& update : updates) {
              pass(update.execution.job, from, std::vector{update});
            }
          },
          [&](const runtime::CheckpointAck& ack) { pass(ack.execution.job, from, report); },
          [&](const runtime::CheckpointDecline& decline) {
            pass(decline.execution.job, from, report);
          },
          [](const runtime::HandleDiscarded&) {},  // The discarder has heard it.
          [&](const runtime::WorkerExited& exited) {
            pass(exited.execution.job, from, report);
            resources_.workerExited(from, exited.execution);
          },
          [&](const runtime::ProbeResult&) {
            jobs_.forEach([&](JobMaster& job) { job.report(from, report); });
          }},
      report);
}

void TaskManagerDesk::connectionLost(TaskManagerId id,
                                     const TaskManagerGateway* gateway,
                                     const std::string& reason) {
  if (resources_.isCurrent(id, gateway)) {
    resources_.remove(id, reason);
  }
}

void TaskManagerDesk::lost(TaskManagerId id, const std::string& reason) {
  jobs_.forEach([&](JobMaster& job) { job.taskManagerLost(id, reason); });
  discarder_.taskManagerLost(id, reason);
}

}  // namespace weir::jobmanager
