#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/graph/job_graph.h"
#include "common/runtime/job_state.h"
#include "jobmanager/ha/leader_store.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/resources/resource_manager.h"
#include "jobmanager/scheduler/directory_probe.h"
#include "jobmanager/scheduler/job_options.h"

namespace weir::jobmanager {

/// Finds out where an attempt runs: takes slots, lets their task managers try the directories of
/// snapshots, and has it stored where it runs, for the next leader. Slots that are not deployed to
/// are given back.
///
/// Belongs to one attempt. Threads: the strand.
class AttemptPlacing {
 public:
  /// All but the id outlive it.
  AttemptPlacing(const runtime::ExecutionId& execution,
                 const graph::JobGraph& graph,
                 const JobOptions& options,
                 ResourceManager& resources,
                 DirectoryProbe& probe,
                 ha::LeaderStore& store,
                 bool stopped);
  ~AttemptPlacing() { cancel(); }

  /// Once. Answers with slots that are the caller's to deploy to, not inside of the call, or with
  /// kUnavailable when a task manager was lost over it; not after cancel().
  void find(Callback<Placement> done);
  void cancel();
  /// A clause that continues "waits".
  std::string waitsFor() const;

 private:
  void allocated(Result<Placement> placement);
  void storePlacement();
  void stored(const Status& put);

  const runtime::ExecutionId execution_;
  const graph::JobGraph& graph_;
  const JobOptions& options_;
  ResourceManager& resources_;
  DirectoryProbe& probe_;
  ha::LeaderStore& store_;
  const bool stopped_;  // The job had.
  bool tried_ = false;  // The directories were.
  Callback<Placement> done_;
  std::optional<Placement> placement_;                           // Until it is handed on.
  std::shared_ptr<bool> wanted_ = std::make_shared<bool>(true);  // Watched by the answer of slots.
};

}  // namespace weir::jobmanager
