#include "common/snapshot/graph_operators.h"

#include <cstddef>
#include <utility>

#include "common/graph/below.h"

namespace weir::snapshot {

std::vector<runtime::SavedOperator> operatorsOf(const graph::JobGraph& graph) {
  std::vector<runtime::SavedOperator> states;
  const auto consumers = graph::consumersByOperator(graph);
  const std::vector<Bytes16> below = graph::structuresBelow(graph);
  for (const graph::JobVertex& vertex : graph.vertices) {
    for (const std::uint32_t index : vertex.operators) {
      const graph::JobOperator& op = graph.operators[index];
      runtime::SavedOperator state;
      state.id = op.id;
      state.uid = op.uid;
      state.name = op.name;
      state.kind = op.kind;
      state.siblings = op.siblings;
      if (op.uid.empty()) {
        state.below = below[index];
      }
      for (const graph::Consumer& consumer : consumers[index]) {
        state.consumers.push_back({graph.operators[consumer.index].id, consumer.port});
      }
      state.parallelism = vertex.parallelism;
      state.max_parallelism = op.max_parallelism;
      state.fixed_parallelism_state = op.fixed_parallelism_state;
      state.custom_handles = op.custom_handles;
      states.push_back(std::move(state));
    }
  }
  return states;
}

}  // namespace weir::snapshot
