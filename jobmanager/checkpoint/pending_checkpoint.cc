#include "jobmanager/checkpoint/pending_checkpoint.h"

#include <algorithm>
#include <set>

#include "common/graph/below.h"
#include "common/graph/plan.h"

namespace weir::jobmanager {
namespace {

void addStates(std::vector<runtime::StateInfo>& sums, const std::vector<runtime::StateInfo>& more) {
  for (const runtime::StateInfo& info : more) {
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

void addSubtask(runtime::OperatorState& state, const runtime::CheckpointAck& ack) {
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

Status checkOperators(const runtime::CheckpointAck& ack, const graph::JobGraph& graph) {
  std::set<OperatorId> expected;
  for (const graph::JobVertex& vertex : graph.vertices) {
    if (vertex.id == ack.task.vertex) {
      for (const std::uint32_t index : vertex.operators) {
        expected.insert(graph.operators[index].id);
      }
    }
  }
  for (const runtime::OperatorSnapshot& one : ack.operators) {
    if (expected.erase(one.id) == 0) {
      return Error(ErrorCode::kInvalidArgument,
                   "acknowledged with state of operator " + one.id.hex() +
                       ", which it does not run or has named before");
    }
  }
  return ok();
}

runtime::CheckpointMetadata toMetadata(const PendingCheckpoint& pending,
                                       const graph::JobGraph& graph,
                                       const SnapshotOrigin& origin,
                                       std::int64_t duration_millis) {
  runtime::CheckpointMetadata metadata;
  metadata.writer = origin.writer;
  metadata.job = origin.job;
  metadata.job_name = graph.name;
  metadata.checkpoint = pending.id;
  metadata.savepoint = pending.kind == SnapshotKind::kSavepoint;
  metadata.trigger_millis = pending.trigger_millis;
  metadata.duration_millis = duration_millis;
  metadata.max_parallelism = graph.max_parallelism;
  metadata.program_hash = origin.program_hash;
  const auto consumers = graph::consumersByOperator(graph);
  const std::vector<Bytes16> below = graph::structuresBelow(graph);
  for (const graph::JobVertex& vertex : graph.vertices) {
    for (const std::uint32_t index : vertex.operators) {
      const graph::JobOperator& op = graph.operators[index];
      runtime::OperatorState state;
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
      for (std::uint32_t subtask = 0; subtask < vertex.parallelism; ++subtask) {
        if (auto ack = pending.acks.find({vertex.id, subtask}); ack != pending.acks.end()) {
          addSubtask(state, ack->second);
        }
      }
      metadata.operators.push_back(std::move(state));
    }
  }
  return metadata;
}

std::vector<std::string> uidWarnings(const runtime::CheckpointMetadata& metadata,
                                     const graph::JobGraph& graph) {
  std::vector<std::string> warnings;
  for (const runtime::OperatorState& state : metadata.operators) {
    const auto found = std::find_if(graph.operators.begin(),
                                    graph.operators.end(),
                                    [&](const auto& one) { return one.id == state.id; });
    if (state.hasState() && found != graph.operators.end() && found->uid.empty()) {
      warnings.push_back(graph::uidWarning(*found));
    }
  }
  return warnings;
}

}  // namespace weir::jobmanager
