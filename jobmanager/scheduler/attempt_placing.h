#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/graph/job_graph.h"
#include "common/runtime/job_state.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/resources/resource_manager.h"
#include "jobmanager/scheduler/directory_probe.h"
#include "jobmanager/scheduler/job_options.h"

namespace weir::jobmanager {

/// Finds out where an attempt runs: takes slots, then lets their task managers try the directories
/// of snapshots. Slots that are not deployed to are given back.
///
/// Belongs to one attempt. Threads: the strand.
class AttemptPlacing {
 public:
  /// All but the id outlive it.
  AttemptPlacing(const runtime::ExecutionId& execution,
                 const graph::JobGraph& graph,
                 const JobOptions& options,
                 ResourceManager& resources,
                 DirectoryProbe& probe);
  ~AttemptPlacing() { cancel(); }

  /// Once. Answers with slots that are the caller's to deploy to, not inside of the call, or with
  /// kUnavailable when a task manager was lost over it; not after cancel().
  void find(Callback<Placement> done);
  void cancel();
  /// A clause that continues "waits".
  std::string waitsFor() const;

 private:
  void allocated(Result<Placement> placement);

  const runtime::ExecutionId execution_;
  const graph::JobGraph& graph_;
  const JobOptions& options_;
  ResourceManager& resources_;
  DirectoryProbe& probe_;
  Callback<Placement> done_;
  std::optional<Placement> placement_;                           // While the directories are tried.
  std::shared_ptr<bool> wanted_ = std::make_shared<bool>(true);  // Watched by the answer of slots.
};

}  // namespace weir::jobmanager
