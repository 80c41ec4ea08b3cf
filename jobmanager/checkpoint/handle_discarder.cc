#include "jobmanager/checkpoint/handle_discarder.h"

#include <algorithm>

#include "common/snapshot/state_files.h"

namespace weir::jobmanager {

std::vector<OwnedHandle> ownedHandles(const runtime::CheckpointMetadata& metadata) {
  std::vector<OwnedHandle> handles;
  for (const runtime::SavedOperator& one : metadata.operators) {
    if (!one.custom_handles) {
      continue;
    }
    for (const runtime::SubtaskState& subtask : one.subtasks) {
      if (subtask.handle.size > 0) {
        handles.push_back({one.id,
                           one.name,
                           subtask.subtask,
                           one.parallelism,
                           snapshot::resolve(metadata, subtask.handle)});
      }
    }
  }
  return handles;
}

std::vector<OwnedHandle> ownedHandles(const graph::JobGraph& graph,
                                      const runtime::CheckpointAck& ack) {
  std::vector<OwnedHandle> handles;
  for (const runtime::OperatorSnapshot& snapshot : ack.operators) {
    const auto owner = std::find_if(graph.operators.begin(),
                                    graph.operators.end(),
                                    [&](const auto& one) { return one.id == snapshot.id; });
    if (owner != graph.operators.end() && owner->custom_handles && snapshot.handle.size > 0) {
      handles.push_back(
          {owner->id, owner->name, ack.task.subtask, owner->parallelism, snapshot.handle});
    }
  }
  return handles;
}

bool hasCustomHandles(const graph::JobGraph& graph) {
  return std::any_of(graph.operators.begin(), graph.operators.end(), [](const auto& one) {
    return one.custom_handles;
  });
}

}  // namespace weir::jobmanager
