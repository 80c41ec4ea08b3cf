#pragma once

#include <map>

#include "common/graph/job_graph.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/deployment.h"
#include "common/schema/state_kinds.h"

namespace weir::snapshot {

/// The old operator that each operator of the program gets its state from, by the new one's id.
using OperatorMatches = std::map<OperatorId, const runtime::SavedOperator*>;

/// Names of states that an operator of the program does not get.
using DroppedStates = std::map<OperatorId, std::vector<std::string>>;

/// The sections that each subtask needs: its own at equal parallelism; else those whose key groups
/// meet its own, or all where lists are spread anew; always all where a list is a union. Locations
/// are absolute. `unclaimed` says what becomes of keyed state that no task asks for.
runtime::Restores distribute(const runtime::CheckpointMetadata& metadata,
                             const graph::JobGraph& graph,
                             const OperatorMatches& matches,
                             const DroppedStates& dropped,
                             state::Unclaimed unclaimed);

}  // namespace weir::snapshot
