#include "jobmanager/scheduler/attempt_placing.h"

#include <utility>

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
                               DirectoryProbe& probe)
    : execution_(execution),
      graph_(graph),
      options_(options),
      resources_(resources),
      probe_(probe) {}

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
      std::exchange(done_, {})(*std::exchange(placement_, std::nullopt));
    } else {
      giveBack(resources_, *std::exchange(placement_, std::nullopt), execution_);
      std::exchange(done_, {})(shared.error());
    }
  });
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
  if (placement_) {
    return "for its task managers to try the directories of snapshots";
  }
  const auto shortage = resources_.shortageOf(execution_);
  return shortage ? "for slots: " + shortage->text() : std::string();
}

}  // namespace weir::jobmanager
