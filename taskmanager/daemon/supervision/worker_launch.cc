#include "taskmanager/daemon/supervision/worker_launch.h"

#include <utility>

#include "common/telemetry/log.h"
#include "taskmanager/daemon/supervision/preparation.h"

namespace weir::taskmanager {

WorkerLaunch::WorkerLaunch(const Environment& environment,
                           const WorkerSettings& settings,
                           const Assignment& assignment,
                           std::string path)
    : environment_(environment),
      settings_(settings),
      assignment_(assignment),
      directory_(environment.preparation, std::move(path)) {}

void WorkerLaunch::start(Work work, LaunchedWorker::Events events, Outcome outcome) {
  directory_.prepare(std::move(work),
                     settings_.configure,
                     [this, events = std::move(events), outcome = std::move(outcome)](
                         Result<LaunchSpec> spec, Work prepared) {
                       if (given_up_) {
                         return;
                       }
                       if (spec) {
                         spawn(*std::move(spec), std::move(prepared), events, outcome);
                       } else {
                         outcome.failed("job " + job() + " cannot be prepared on " +
                                            settings_.host + ": " + spec.error().text(),
                                        isForGood(spec.error()));
                       }
                     });
}

void WorkerLaunch::spawn(LaunchSpec spec,
                         Work work,
                         LaunchedWorker::Events events,
                         const Outcome& outcome) {
  spec.launcher = settings_.launcher;
  spec.core_bytes = settings_.core_bytes;
  auto process = LaunchedWorker::start(
      environment_.preparation.loop,
      spec,
      WorkerOutput{settings_.standard_output, settings_.standard_error, assignment_.label()},
      makeGroup(),
      std::move(events));
  if (!process) {
    outcome.failed("no worker process for job " + job() + " on " + settings_.host + ": " +
                       process.error().text(),
                   false);
    return;
  }
  log::info("started worker",
            {{"job", job()},
             {"attempt", assignment_.execution.attempt.value()},
             {"pid", (*process)->pid()},
             {"program", spec.name}});
  outcome.started(*std::move(process), std::move(work));
}

std::unique_ptr<WorkerCgroup> WorkerLaunch::makeGroup() {
  if (environment_.groups == nullptr) {
    return nullptr;
  }
  auto made = environment_.groups->make(assignment_.execution, memoryLimit(assignment_, settings_));
  if (!made) {
    log::warn("a worker has no control group: its children are found by descent",
              {{"job", job()}, {"reason", made.error().text()}});
    return nullptr;
  }
  return *std::move(made);
}

}  // namespace weir::taskmanager
