#include "jobmanager/savepoint/restore_sections.h"

#include <algorithm>
#include <utility>

#include "common/record/key_group.h"
#include "common/state/kinds.h"
#include "jobmanager/checkpoint/snapshot_files.h"

namespace weir::jobmanager {
namespace {

bool onlyKeyed(const runtime::OperatorState& state) {
  return !state.states.empty() &&
         std::all_of(state.states.begin(), state.states.end(), [](const runtime::StateInfo& info) {
           return state::isKeyed(info.kind);
         });
}

bool needs(const runtime::OperatorState& old,
           std::uint32_t old_subtask,
           std::uint32_t subtask,
           std::uint32_t parallelism) {
  if (old.parallelism == parallelism) {
    return old_subtask == subtask;
  }
  if (!onlyKeyed(old)) {
    return true;
  }
  const KeyGroupRange theirs = keyGroupRangeOf(old_subtask, old.parallelism, old.max_parallelism);
  const KeyGroupRange own = keyGroupRangeOf(subtask, parallelism, old.max_parallelism);
  return theirs.first <= own.last && own.first <= theirs.last;
}

runtime::OperatorRestoreOrder orderFor(const runtime::CheckpointMetadata& metadata,
                                       const runtime::OperatorState& old,
                                       OperatorId id,
                                       std::uint32_t subtask,
                                       std::uint32_t parallelism) {
  runtime::OperatorRestoreOrder order;
  order.id = id;
  order.old_parallelism = old.parallelism;
  order.finished = !old.subtasks.empty();
  for (const runtime::SubtaskState& part : old.subtasks) {
    if (old.parallelism != parallelism || part.subtask == subtask) {
      order.finished = order.finished && part.finished;
    }
    if (part.handle.storage != runtime::StateHandle::Storage::kNone &&
        needs(old, part.subtask, subtask, parallelism)) {
      order.sections.push_back({part.subtask, resolve(metadata, part.handle)});
    }
  }
  return order;
}

}  // namespace

std::vector<runtime::TaskRestore> distribute(const runtime::CheckpointMetadata& metadata,
                                             const graph::JobGraph& graph,
                                             const OperatorMatches& matches,
                                             const DroppedStates& dropped,
                                             state::Unclaimed unclaimed) {
  std::vector<runtime::TaskRestore> restores;
  for (const graph::JobVertex& vertex : graph.vertices) {
    for (std::uint32_t subtask = 0; subtask < vertex.parallelism; ++subtask) {
      runtime::TaskRestore restore{.task = {vertex.id, subtask}, .operators = {}};
      for (const std::uint32_t index : vertex.operators) {
        const OperatorId id = graph.operators[index].id;
        if (auto match = matches.find(id); match != matches.end()) {
          restore.operators.push_back(
              orderFor(metadata, *match->second, id, subtask, vertex.parallelism));
          restore.operators.back().unclaimed = unclaimed;
          if (auto names = dropped.find(id); names != dropped.end()) {
            restore.operators.back().dropped = names->second;
          }
        }
      }
      if (!restore.operators.empty()) {
        restores.push_back(std::move(restore));
      }
    }
  }
  return restores;
}

}  // namespace weir::jobmanager
