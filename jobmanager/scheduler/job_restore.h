#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/base/ids.h"
#include "common/graph/job_graph.h"
#include "common/runtime/client_messages.h"
#include "common/snapshot/state_matching.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/savepoint/savepoint_store.h"
#include "jobmanager/scheduler/job_savepoints.h"

namespace weir::jobmanager {

/// What the attempts of a job start from: its latest checkpoint, else the savepoint that it was
/// submitted with, else nothing. Opens that savepoint, matches its state to the job's graph, and
/// has it marked.
///
/// Lives as long as its job. Threads: the strand.
class JobRestore {
 public:
  /// All but the request outlive it.
  JobRestore(JobId job,
             std::optional<runtime::RestoreRequest> request,
             const graph::JobGraph& graph,
             SavepointStore& store,
             JobSavepoints& savepoints,
             CheckpointCoordinator& coordinator);

  /// Once. Answers when the savepoint is marked, or with the reason why nothing can start from it;
  /// at once when there is none. The job's checkpoints go on with the number after its own.
  void open(Callback<runtime::RestoreReport> done);

  /// Of the savepoint, as the user named it; empty when there is none.
  std::string path() const { return request_ ? request_->path : std::string(); }
  runtime::Restores restores(AttemptId attempt) const;

 private:
  void match(SavepointStore::Opened opened, Callback<runtime::RestoreReport> done);

  const JobId job_;
  const std::optional<runtime::RestoreRequest> request_;
  const graph::JobGraph& graph_;
  SavepointStore& store_;
  JobSavepoints& savepoints_;
  CheckpointCoordinator& coordinator_;
  snapshot::RestorePlan plan_;                                  // Of the savepoint.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // Watched by the store's answer.
};

}  // namespace weir::jobmanager
