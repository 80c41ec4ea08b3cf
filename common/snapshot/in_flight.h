#pragma once

#include <cstdint>
#include <string>

#include "common/base/ids.h"
#include "common/graph/job_graph.h"

/// How a snapshot calls the records that barriers have overtaken on one edge, which are states of
/// StateKind::kInFlight of the operator that the edge leads to.
namespace weir::snapshot {

/// Whether barriers may overtake records of an edge: whether these can be dealt out again at
/// another parallelism.
constexpr bool mayOvertake(graph::Partitioning partitioning) {
  return partitioning == graph::Partitioning::kHash ||
         partitioning == graph::Partitioning::kShuffle ||
         partitioning == graph::Partitioning::kRebalance ||
         partitioning == graph::Partitioning::kGlobal;
}

/// "in-flight/PORT/ID of the operator that sends", and "/n" for the n-th of several such edges.
std::string inFlightName(const graph::JobGraph& graph, const graph::JobEdge& edge);

/// The edge into operator `target` whose records a snapshot calls `name`. Where the operator that
/// sends has another id by now: the only edge into the same port. Null: there is none.
const graph::JobEdge* edgeOfInFlight(const graph::JobGraph& graph,
                                     OperatorId target,
                                     const std::string& name);

}  // namespace weir::snapshot
