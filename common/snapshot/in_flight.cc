#include "common/snapshot/in_flight.h"

#include <algorithm>
#include <vector>

namespace weir::snapshot {

namespace {

constexpr const char* kPrefix = "in-flight/";

std::string ofPort(std::uint32_t port) { return kPrefix + std::to_string(port) + "/"; }

}  // namespace

std::string inFlightName(const graph::JobGraph& graph, const graph::JobEdge& edge) {
  std::uint32_t number = 1;
  for (const graph::JobEdge& other : graph.edges) {
    if (&other == &edge) {
      break;
    }
    number += other.source_operator == edge.source_operator &&
                      other.target_operator == edge.target_operator && other.port == edge.port
                  ? 1
                  : 0;
  }
  return ofPort(edge.port) + graph.operators[edge.source_operator].id.hex() +
         (number == 1 ? "" : "/" + std::to_string(number));
}

const graph::JobEdge* edgeOfInFlight(const graph::JobGraph& graph,
                                     OperatorId target,
                                     const std::string& name) {
  std::vector<const graph::JobEdge*> same_port;
  for (const graph::JobEdge& edge : graph.edges) {
    if (graph.operators[edge.target_operator].id != target) {
      continue;
    }
    if (inFlightName(graph, edge) == name) {
      return &edge;
    }
    if (name.starts_with(ofPort(edge.port))) {
      same_port.push_back(&edge);
    }
  }
  return same_port.size() == 1 ? same_port.front() : nullptr;
}

}  // namespace weir::snapshot
