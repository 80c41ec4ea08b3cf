#include "jobmanager/scheduler/attempt_placing.h"

#include <utility>

#include "common/base/crash_point.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {
namespace {

void giveBack(ResourceManager& resources,
              const Placement& placement,
              const runtime::ExecutionId& execution) {
  for (const TaskManagerId id : placement.task_managers) {
    resources.giveBack(id, execution);
  }
}

}  // namespace

AttemptPlacing::AttemptPlacing(const runtime::ExecutionId& execution,
                               const graph::JobGraph& graph,
                               const JobOptions& options,
                               ResourceManager& resources,
                               DirectoryProbe& probe,
                               ha::LeaderStore& store,
                               bool stopped)
    : execution_(execution),
      graph_(graph),
      options_(options),
      resources_(resources),
      probe_(probe),
      store_(store),
      stopped_(stopped) {}

void AttemptPlacing::find(Callback<Placement> done) {
  done_ = std::move(done);
  resources_.allocate(execution_,
                      graph_,
                      options_.slot_wait,
                      [this,
                       wanted = std::weak_ptr<bool>(wanted_),
                       execution = execution_,
                       &resources = resources_](Result<Placement> placement) {
                        if (!wanted.expired()) {
                          allocated(std::move(placement));
                        } else if (placement) {
                          giveBack(resources, *placement, execution);
                        }
                      });
}

void AttemptPlacing::allocated(Result<Placement> placement) {
  if (!placement) {
    std::exchange(done_, {})(std::move(placement));
    return;
  }
  placement_ = *std::move(placement);
  probe_.run(options_.probe_directories, placement_->task_managers, [this](const Status& shared) {
    if (shared) {
      storePlacement();
    } else {
      giveBack(resources_, *std::exchange(placement_, std::nullopt), execution_);
      std::exchange(done_, {})(shared.error());
    }
  });
}

void AttemptPlacing::storePlacement() {
  tried_ = true;
  ha::DeployedAttempt attempt{.execution = execution_,
                              .task_managers = {},
                              .tasks = placement_->tasks,
                              .storage = options_.storage.directory,
                              .stopped = stopped_};
  for (std::size_t i = 0; i < placement_->task_managers.size(); ++i) {
    attempt.task_managers.push_back({placement_->task_managers[i], placement_->slots[i]});
  }
  store_.write(std::move(attempt),
               [this, wanted = std::weak_ptr<bool>(wanted_)](const Status& put) {
                 if (!wanted.expired()) {
                   stored(put);
                 }
               });
}

/// Without it the next leader restarts the job: that is no reason not to run it.
void AttemptPlacing::stored(const Status& put) {
  if (!put) {
    log::warn(
        "the store of jobs did not take where an attempt runs: the next job manager restarts it",
        {{"job", execution_.job.hex()}, {"reason", put.error().message()}});
  }
  crashPoint("attempt.stored");
  std::exchange(done_, {})(*std::exchange(placement_, std::nullopt));
}

void AttemptPlacing::cancel() {
  if (!done_) {
    return;
  }
  done_ = {};
  wanted_.reset();
  resources_.withdraw(execution_);
  probe_.cancel();
  if (placement_) {
    giveBack(resources_, *std::exchange(placement_, std::nullopt), execution_);
  }
}

std::string AttemptPlacing::waitsFor() const {
  if (tried_ && placement_) {
    return "for the store of jobs to take where it runs";
  }
  if (placement_) {
    return "for its task managers to try the directories of snapshots";
  }
  const auto shortage = resources_.shortageOf(execution_);
  return shortage ? "for slots: " + shortage->text() : std::string();
}

}  // namespace weir::jobmanager
