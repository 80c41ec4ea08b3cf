#pragma once

#include "common/base/result.h"
#include "common/graph/job_graph.h"

namespace weir::wire {

/// Whether the parts of a graph fit together, as those that a program builds do: ids are unique,
/// every operator stands in one vertex and has its parallelism, a vertex is a tree that grows from
/// its head, whose id is its own, edges lead from a vertex to the head of a later one, and what is
/// named twice in one operator or job is refused. kInvalidArgument names the first that does not.
Status checkGraph(const graph::JobGraph& graph);

}  // namespace weir::wire
