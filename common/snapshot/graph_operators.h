#pragma once

#include <vector>

#include "common/graph/job_graph.h"
#include "common/runtime/checkpoint_metadata.h"

namespace weir::snapshot {

/// What a snapshot says of the operators of its program, before any of their state is in it: in
/// order of the vertices, each with what stood around it. The counterpart of matchState().
std::vector<runtime::SavedOperator> operatorsOf(const graph::JobGraph& graph);

}  // namespace weir::snapshot
