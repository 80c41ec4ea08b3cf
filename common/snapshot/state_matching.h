#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/graph/job_graph.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/client_messages.h"
#include "common/runtime/deployment.h"

/// Which state of a snapshot goes to which subtask of a program. Pure functions.
namespace weir::snapshot {

struct RestorePlan {
  runtime::Restores restores;
  runtime::RestoreReport report;
};

/// Something that does not fit between a snapshot and a program.
struct MatchProblem {
  OperatorId id;      ///< Of the program's operator, else of the snapshot's; null: of none.
  std::string state;  ///< Empty when it is about no state in particular.
  std::string what;   ///< A sentence, perhaps with more lines behind it.
};

/// What can be restored, and what cannot.
struct StateMatch {
  RestorePlan plan;  ///< Of what fits.
  std::vector<MatchProblem> problems;
  std::string advice;  ///< What to do about them.
};

/// Matches by operator id, and leaves out of the plan what does not fit.
StateMatch compareState(const runtime::CheckpointMetadata& metadata,
                        const graph::JobGraph& graph,
                        const runtime::RestoreRequest& request);

/// The same for a restore, which all has to fit. All that does not fit is one error with a line for
/// each item: state that matches nothing (unless `request` allows or drops it), another kind or
/// schema, another maximum parallelism, state that refuses another parallelism, a generated id
/// whose surroundings differ (unless `request` maps it, or allows that it starts empty), and names
/// in `request` that name nothing.
Result<RestorePlan> matchState(const runtime::CheckpointMetadata& metadata,
                               const graph::JobGraph& graph,
                               const runtime::RestoreRequest& request);

/// The plan of a restart of the same program.
RestorePlan restoreSame(const runtime::CheckpointMetadata& metadata, const graph::JobGraph& graph);

}  // namespace weir::snapshot
