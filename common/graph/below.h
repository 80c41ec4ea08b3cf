#pragma once

#include <cstdint>
#include <vector>

#include "common/base/ids.h"
#include "common/graph/job_graph.h"

namespace weir::graph {

/// Who receives what an operator emits, in its own chain or in another vertex.
struct Consumer {
  std::uint32_t index = 0;  ///< Into JobGraph::operators.
  std::uint32_t port = 0;   ///< Its input port.
};

/// By operator of `graph`: its consumers, by port and index. One that reads twice (union_ with
/// itself) is there twice.
std::vector<std::vector<Consumer>> consumersByOperator(const JobGraph& graph);

/// By operator of `graph`: d(n), what stands below it.
///
/// d(n) = murmur3(kind, 0x00, then for each consumer, sorted, its port as 4 bytes, little-endian,
/// and the 16 bytes of d(consumer)). Names, uids, parallelism, partitioning and chaining do not
/// enter. Together with its id, which stands for what is above it, d tells an operator from one
/// that took its place: one of the same kind inserted before it gets its generated id, but has
/// another d.
///
/// `graph` is one that a program built, or that wire::checkGraph() has seen: without cycles.
std::vector<Bytes16> structuresBelow(const JobGraph& graph);

}  // namespace weir::graph
