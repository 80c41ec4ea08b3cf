#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/program/stream_graph.h"

namespace weir::graph {

/// A node whose defaults were filled in.
struct ResolvedNode {
  std::uint32_t parallelism = 1;
  std::uint32_t max_parallelism = 4096;
  std::string slot_sharing_group;
  std::vector<Partitioning> inputs;  ///< Of each input of the node.
};

/// Puts operators that can share a thread into one vertex each, by Flink's rule, and the rest of
/// the edges between the vertices. `program` has its operators, one per node in order; gets its
/// vertices, each after its inputs, and its edges with their code.
void chain(const std::vector<StreamNode>& nodes,
           const std::vector<ResolvedNode>& resolved,
           bool enabled,
           ProgramGraph& program);

}  // namespace weir::graph
