#pragma once

#include <map>
#include <vector>

#include "common/graph/job_graph.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/messages.h"

namespace weir::snapshot {

/// What a snapshot says of the operators of its program, before any of their state is in it: in
/// order of the vertices, each with what stood around it. The counterpart of matchState().
std::vector<runtime::SavedOperator> operatorsOf(const graph::JobGraph& graph);
/// The same with the state that tasks have acknowledged, summed over the subtasks.
std::vector<runtime::SavedOperator> operatorsOf(
    const graph::JobGraph& graph, const std::map<runtime::TaskId, runtime::CheckpointAck>& acks);

}  // namespace weir::snapshot
