#include "taskmanager/worker/task/overtaken_input.h"

#include "common/snapshot/in_flight.h"

namespace weir::worker {

OvertakenInput OvertakenInput::of(const graph::JobGraph& graph,
                                  const std::vector<GateSection>& sections) {
  OvertakenInput input;
  input.overtaking.patience = graph.checkpoints.aligned_timeout;
  for (const GateSection& section : sections) {
    const graph::JobEdge& edge = graph.edges[section.edge];
    input.overtaking.channels.insert(
        input.overtaking.channels.end(), section.count, snapshot::mayOvertake(edge.partitioning));
    input.edges.push_back({.name = snapshot::inFlightName(graph, edge),
                           .partitioning = edge.partitioning,
                           .producers = graph.vertices[edge.source_vertex].parallelism,
                           .schema = {}});
  }
  return input;
}

}  // namespace weir::worker
