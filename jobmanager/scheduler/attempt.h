#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/graph/job_graph.h"
#include "common/runtime/deployment.h"
#include "common/runtime/job_state.h"
#include "common/runtime/messages.h"
#include "jobmanager/resources/resource_manager.h"
#include "jobmanager/resources/slot_sharing.h"

namespace weir::jobmanager {

/// One deployment of a job: its number, its task managers, and which of them still have a worker.
///
/// From its slots until its last worker is reaped. Threads: the strand.
class Attempt {
 public:
  /// What every task manager of an attempt is told alike.
  struct Common {
    runtime::Program program;
    runtime::Restores restores;
    runtime::CheckpointStorage storage;
    std::map<std::string, std::string> configuration;
    std::string token;
  };

  /// Holds the slots of `placement`. Graph and resources outlive it.
  Attempt(runtime::ExecutionId execution,
          Placement placement,
          const graph::JobGraph& graph,
          ResourceManager& resources);

  const runtime::ExecutionId& execution() const { return execution_; }
  bool deployed() const { return deployed_; }
  const std::vector<TaskManagerId>& taskManagers() const { return placement_.workers; }
  /// Whether a task manager of it is no longer registered.
  bool incomplete() const;

  /// Sends a Deployment to each task manager. All must be registered.
  void deploy(const Common& common);
  /// Gives the slots back; only when nothing was deployed.
  void giveBack();

  /// To every task manager that has a worker, or to those that run sources.
  void sendToAll(const runtime::TaskManagerOrder& order);
  void sendToSources(const runtime::TaskManagerOrder& order);

  /// The worker there has ended, or its task manager is lost. False when it had none.
  bool workerGone(TaskManagerId id) { return live_.erase(id) > 0; }
  bool hasWorker(TaskManagerId id) const { return live_.contains(id); }
  bool allGone() const { return live_.empty(); }
  /// "host1, host2": where its workers live still, the first few of them.
  std::string liveHosts() const;

  /// Whether this subtask was placed there; any task may be asked for.
  bool runsOn(TaskManagerId id, const runtime::TaskId& task) const;
  /// The subtasks that run there.
  std::vector<runtime::TaskId> tasksOn(TaskManagerId id) const;
  /// Host name of the task manager of a subtask, as registered when the attempt began.
  const std::string& hostOf(const runtime::TaskId& task) const;
  const std::string& hostOf(TaskManagerId id) const;

 private:
  std::size_t workerOf(const runtime::TaskId& task) const;

  runtime::ExecutionId execution_;
  Placement placement_;
  const graph::JobGraph& graph_;
  ResourceManager& resources_;
  std::vector<runtime::WorkerEndpoint> endpoints_;  // Parallel to placement_.workers.
  std::map<OperatorId, std::size_t> vertex_index_;
  std::set<TaskManagerId> with_sources_;
  std::set<TaskManagerId> live_;
  bool deployed_ = false;
};

}  // namespace weir::jobmanager
