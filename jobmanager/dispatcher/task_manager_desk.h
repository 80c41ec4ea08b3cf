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
  TaskManagerDesk(LeaderEpoch epoch,
                  ResourceManager& resources,
                  DiscardWorkers& discarder,
                  JobRegistry& jobs)
      : epoch_(epoch), resources_(resources), discarder_(discarder), jobs_(jobs) {}

  Status add(const runtime::Registration& registration,
             const runtime::Holdings& holdings,
             const std::shared_ptr<TaskManagerGateway>& gateway);
  /// A task manager has said all that it knows of an attempt of an earlier leader. One that nobody
  /// waits for is given up.
  void told(TaskManagerId from,
            const TaskManagerGateway* gateway,
            const runtime::ExecutionId& execution);
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

  const LeaderEpoch epoch_;
  ResourceManager& resources_;
  DiscardWorkers& discarder_;
  JobRegistry& jobs_;
  std::optional<Error> closed_;
};

}  // namespace weir::jobmanager
