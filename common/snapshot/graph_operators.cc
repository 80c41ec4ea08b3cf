#include "common/snapshot/graph_operators.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "common/graph/below.h"

namespace weir::snapshot {

namespace {

void addStates(std::vector<runtime::SavedState>& sums,
               const std::vector<runtime::SavedState>& more) {
  for (const runtime::SavedState& info : more) {
    auto known = std::find_if(
        sums.begin(), sums.end(), [&](const auto& one) { return one.name == info.name; });
    if (known == sums.end()) {
      sums.push_back(info);
    } else {
      known->entries += info.entries;
      known->bytes += info.bytes;
    }
  }
}

void addSubtask(runtime::SavedOperator& state, const runtime::CheckpointAck& ack) {
  runtime::SubtaskState part{.subtask = ack.task.subtask, .finished = ack.finished, .handle = {}};
  for (const runtime::OperatorSnapshot& snapshot : ack.operators) {
    if (snapshot.id == state.id) {
      part.handle = snapshot.handle;
      addStates(state.states, snapshot.states);
    }
  }
  state.subtasks.push_back(std::move(part));
}

}  // namespace

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
      state.windows = op.windows;
      states.push_back(std::move(state));
    }
  }
  return states;
}

std::vector<runtime::SavedOperator> operatorsOf(
    const graph::JobGraph& graph, const std::map<runtime::TaskId, runtime::CheckpointAck>& acks) {
  std::vector<runtime::SavedOperator> states = operatorsOf(graph);
  auto state = states.begin();
  for (const graph::JobVertex& vertex : graph.vertices) {
    for (std::size_t i = 0; i < vertex.operators.size(); ++i, ++state) {
      for (std::uint32_t subtask = 0; subtask < vertex.parallelism; ++subtask) {
        if (auto ack = acks.find({vertex.id, subtask}); ack != acks.end()) {
          addSubtask(*state, ack->second);
        }
      }
    }
  }
  return states;
}

}  // namespace weir::snapshot
