#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/graph/stream_graph.h"

namespace weir::graph {

/// A node whose defaults were filled in.
struct ResolvedNode {
  std::uint32_t parallelism = 1;
  std::uint32_t max_parallelism = 4096;
  std::string slot_sharing_group;
  std::vector<Partitioning> inputs;  ///< Of each input of the node.
};

/// Puts operators that can share a thread into one vertex each, by Flink's rule, and the rest of
/// the edges between the vertices. `graph` has its operators, one per node in order; gets its
/// vertices, each after its inputs, and its edges.
void chain(const std::vector<StreamNode>& nodes,
           const std::vector<ResolvedNode>& resolved,
           bool enabled,
           JobGraph& graph);

}  // namespace weir::graph
