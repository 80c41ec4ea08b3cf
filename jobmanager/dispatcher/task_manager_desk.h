#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "jobmanager/dispatcher/job_registry.h"
#include "jobmanager/handles/discard_workers.h"
#include "jobmanager/resources/resource_manager.h"

namespace weir::jobmanager {

/// Receives the task managers of the cluster: they register, and what they report goes to the job,
/// the resources or the discarding of state handles that it is about. Threads: the strand.
class TaskManagerDesk {
 public:
  /// All of it outlives the desk.
  TaskManagerDesk(ResourceManager& resources, DiscardWorkers& discarder, JobRegistry& jobs)
      : resources_(resources), discarder_(discarder), jobs_(jobs) {}

  Status add(const runtime::Registration& registration,
             const std::shared_ptr<TaskManagerGateway>& gateway);
  /// What comes from an older connection than `gateway` is dropped.
  void report(TaskManagerId from,
              const TaskManagerGateway* gateway,
              const runtime::TaskManagerReport& report);
  void connectionLost(TaskManagerId id,
                      const TaskManagerGateway* gateway,
                      const std::string& reason);
  /// The resources gave it up, silent ones included.
  void lost(TaskManagerId id, const std::string& reason);
  /// No task manager registers from now on.
  void close(const Error& why) { closed_ = why; }

 private:
  void pass(JobId job, TaskManagerId from, const runtime::TaskManagerReport& report);

  ResourceManager& resources_;
  DiscardWorkers& discarder_;
  JobRegistry& jobs_;
  std::optional<Error> closed_;
};

}  // namespace weir::jobmanager
