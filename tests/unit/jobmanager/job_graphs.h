#pragma once

#include <string>

#include "common/graph/job_graph.h"

/// Small job graphs for the job manager's tests.
namespace weir::testing {

inline OperatorId operatorId(std::uint8_t number) {
  Bytes16 bytes{};
  bytes[15] = number;
  return OperatorId(bytes);
}

inline JobId jobId(std::uint8_t number) {
  Bytes16 bytes{};
  bytes[15] = number;
  return JobId(bytes);
}

inline TaskManagerId taskManagerId(std::uint8_t number) {
  Bytes16 bytes{};
  bytes[15] = number;
  return TaskManagerId(bytes);
}

/// Adds a vertex of one operator, fed by the one before it.
inline graph::JobVertex& addVertex(graph::JobGraph& graph,
                                   const std::string& uid,
                                   std::uint32_t parallelism) {
  const auto index = static_cast<std::uint32_t>(graph.vertices.size());
  graph::JobOperator op;
  op.id = operatorId(static_cast<std::uint8_t>(index + 1));
  op.uid = uid;
  op.name = uid;
  op.kind = "map";
  op.parallelism = parallelism;
  op.stateful = true;
  graph::JobVertex vertex;
  vertex.id = op.id;
  vertex.name = uid;
  vertex.parallelism = parallelism;
  vertex.operators = {index};
  graph.operators.push_back(op);
  graph.vertices.push_back(vertex);
  if (index > 0) {
    graph::JobEdge edge;
    edge.source_vertex = index - 1;
    edge.target_vertex = index;
    edge.source_operator = index - 1;
    edge.target_operator = index;
    graph.edges.push_back(edge);
  }
  return graph.vertices.back();
}

/// "source" and "count", both of this parallelism, checkpointing every second.
inline graph::JobGraph twoVertices(std::uint32_t parallelism = 2) {
  graph::JobGraph graph;
  graph.name = "test job";
  addVertex(graph, "source", parallelism);
  addVertex(graph, "count", parallelism);
  graph.checkpoints.enabled = true;
  graph.checkpoints.interval = std::chrono::seconds(1);
  return graph;
}

}  // namespace weir::testing
