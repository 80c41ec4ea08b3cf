#include "jobmanager/dispatcher/task_manager_desk.h"

#include <variant>
#include <vector>

#include "common/base/overloaded.h"

namespace weir::jobmanager {

Status TaskManagerDesk::add(const runtime::Registration& registration,
                            const std::shared_ptr<TaskManagerGateway>& gateway) {
  return closed_ ? Status(*closed_) : resources_.add(registration, gateway);
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
