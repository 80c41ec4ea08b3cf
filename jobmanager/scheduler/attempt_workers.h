#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/graph/shared_graph.h"
#include "common/runtime/deployment.h"
#include "common/runtime/job_state.h"
#include "common/runtime/messages.h"
#include "jobmanager/blob/blob_store.h"
#include "jobmanager/resources/resource_manager.h"
#include "jobmanager/resources/slot_sharing.h"

namespace weir::jobmanager {

/// Where one attempt of a job runs: its task managers, and which of them still have a worker.
///
/// From its deployment until its last worker is reaped. Threads: the strand.
class AttemptWorkers {
 public:
  /// What every task manager of an attempt is told alike.
  struct Common {
    runtime::Program program;
    runtime::Restores restores;
    runtime::CheckpointStorage storage;
    std::map<std::string, std::string> configuration;
    bool stopped = false;
  };

  /// Holds the slots of `placement`. The resources outlive it.
  AttemptWorkers(runtime::ExecutionId execution,
                 Placement placement,
                 const graph::SharedGraph& graph,
                 ResourceManager& resources);

  /// Whether a task manager of it is no longer registered.
  bool incomplete() const;

  /// Sends a Deployment to each task manager. All must be registered. What is restored beyond
  /// `most_inline` bytes is offered in `blobs` until restored().
  void deploy(Common common, blob::BlobStore& blobs, std::uint64_t most_inline, Random& random);
  /// Instead: its task managers hold them since an earlier leader's deployment.
  void adopt();
  /// All tasks run: they have fetched what they are restored from.
  void restored() { offers_.clear(); }
  /// Gives the slots back, instead of deploying.
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
  const graph::SharedGraph graph_;  // With the job and its deployments.
  ResourceManager& resources_;
  std::vector<runtime::WorkerEndpoint> endpoints_;  // Parallel to placement_.task_managers.
  std::map<OperatorId, std::size_t> vertex_index_;
  std::set<TaskManagerId> with_sources_;
  std::set<TaskManagerId> live_;
  std::vector<std::unique_ptr<blob::OfferedBlobs::Offer>> offers_;  // Of what is restored.
};

}  // namespace weir::jobmanager
