#pragma once

#include "common/base/result.h"
#include "common/graph/job_graph.h"
#include "graph.pb.h"

namespace weir::wire {

v1::JobGraph toProto(const graph::JobGraph& graph);

/// Checks ids, enumerations, parallelisms, and that every index names something: operators belong
/// to one vertex each, links stay inside it, edges connect operators of their vertices.
Result<graph::JobGraph> fromProto(const v1::JobGraph& message);

}  // namespace weir::wire
