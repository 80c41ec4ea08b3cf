#pragma once

#include <cstdint>
#include <vector>

#include "common/graph/job_graph.h"

namespace weir::worker {

/// One channel between two subtasks, as both of their workers number it.
struct PlannedChannel {
  std::uint32_t edge = 0;      ///< Index into JobGraph::edges.
  std::uint32_t producer = 0;  ///< Subtask of the edge's source vertex.
  std::uint32_t consumer = 0;
  std::uint32_t producer_worker = 0;
  std::uint32_t consumer_worker = 0;
  std::uint32_t gate_channel = 0;  ///< Within the consumer's gate: by edge, then by producer.
};

/// Every channel that starts or ends in worker `self`, by edge, then producer, then consumer: the
/// order in which channels of a link are numbered.
std::vector<PlannedChannel> planChannels(const graph::JobGraph& graph,
                                         const std::vector<std::vector<std::uint32_t>>& placement,
                                         std::uint32_t self);

/// Which channels of a consumer's gate carry one edge.
struct GateSection {
  std::uint32_t edge = 0;
  std::uint32_t port = 0;  ///< Of the head, that the edge leads to.
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

/// The gate of a subtask: its incoming edges in the order of the graph.
std::vector<GateSection> planGate(const graph::JobGraph& graph,
                                  std::uint32_t vertex,
                                  std::uint32_t subtask);

}  // namespace weir::worker
