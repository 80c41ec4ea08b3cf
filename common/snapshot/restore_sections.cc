#include "common/snapshot/restore_sections.h"

#include <algorithm>
#include <cstdint>
#include <ranges>
#include <utility>
#include <vector>

#include "common/schema/key_group.h"
#include "common/schema/state_kinds.h"
#include "common/snapshot/state_files.h"

namespace weir::snapshot {
namespace {

bool onlyKeyed(const runtime::SavedOperator& state) {
  return !state.states.empty() &&
         std::all_of(state.states.begin(), state.states.end(), [](const runtime::SavedState& info) {
           return state::isKeyed(info.kind);
         });
}

bool hasUnion(const runtime::SavedOperator& state) {
  return std::ranges::any_of(state.states, [](const runtime::SavedState& info) {
    return info.mode == state::ListMode::kUnion || info.mode == state::ListMode::kBroadcast;
  });
}

/// What one operator stored, and which of it each of its new subtasks needs.
class OperatorSections {
 public:
  OperatorSections(const runtime::CheckpointMetadata& metadata,
                   const runtime::SavedOperator& old,
                   OperatorId id,
                   std::uint32_t parallelism)
      : old_(old), parallelism_(parallelism), only_keyed_(onlyKeyed(old)), union_(hasUnion(old)) {
    order_.id = id;
    order_.old_parallelism = old.parallelism;
    order_.finished = !old.subtasks.empty();
    for (const runtime::SubtaskState& part : old.subtasks) {
      order_.finished = order_.finished && part.finished;
      finished_.emplace(part.subtask, part.finished);
      if (part.handle.storage != runtime::SectionHandle::Storage::kNone) {
        sections_.push_back({part.subtask, resolve(metadata, part.handle)});
        sections_.back().handle.shared.clear();  // Its section says it, too.
      }
    }
    std::ranges::sort(sections_, {}, &Section::old_subtask);
  }

  /// Becomes the list number `list` of `restores`.
  void moveTo(runtime::Restores& restores) {
    order_.list = static_cast<std::uint32_t>(restores.lists.size());
    restores.lists.push_back(std::move(sections_));
  }

  runtime::OperatorRestoreOrder orderFor(std::uint32_t subtask,
                                         const runtime::Restores& restores) const {
    runtime::OperatorRestoreOrder order = order_;
    if (old_.parallelism == parallelism_) {
      const auto own = finished_.find(subtask);
      order.finished = !finished_.empty() && (own == finished_.end() || own->second);
    }
    // Those that it needs stand side by side, as ranges of key groups ascend with their subtasks.
    const std::vector<Section>& all = restores.lists[order.list];
    const auto first = std::ranges::partition_point(
        all, [&](const Section& one) { return place(one.old_subtask, subtask) == Place::kBefore; });
    const auto last = std::partition_point(first, all.end(), [&](const Section& one) {
      return place(one.old_subtask, subtask) == Place::kNeeded;
    });
    order.count = static_cast<std::uint32_t>(last - first);
    order.first = order.count == 0 ? 0 : static_cast<std::uint32_t>(first - all.begin());
    order.without = countNeeded(subtask) - order.count;
    return order;
  }

 private:
  using Section = runtime::RestoreSection;
  enum class Place : std::uint8_t { kBefore, kNeeded, kBehind };

  /// Where a section stands as seen from those that `subtask` needs.
  Place place(std::uint32_t old_subtask, std::uint32_t subtask) const {
    if (union_ || (old_.parallelism != parallelism_ && !only_keyed_)) {
      return Place::kNeeded;
    }
    KeyGroupRange theirs{old_subtask, old_subtask};
    KeyGroupRange own{subtask, subtask};
    if (old_.parallelism != parallelism_) {
      theirs = keyGroupRangeOf(old_subtask, old_.parallelism, old_.max_parallelism);
      own = keyGroupRangeOf(subtask, parallelism_, old_.max_parallelism);
    }
    if (theirs.last < own.first) {
      return Place::kBefore;
    }
    return theirs.first > own.last ? Place::kBehind : Place::kNeeded;
  }

  /// Old subtasks that `subtask` needs the state of, also those that stored nothing.
  std::uint32_t countNeeded(std::uint32_t subtask) const {
    const auto all = std::views::iota(std::uint32_t{0}, old_.parallelism);
    const auto first = std::ranges::partition_point(
        all, [&](std::uint32_t old) { return place(old, subtask) == Place::kBefore; });
    const auto last = std::ranges::partition_point(
        all, [&](std::uint32_t old) { return place(old, subtask) != Place::kBehind; });
    return static_cast<std::uint32_t>(last - first);
  }

  const runtime::SavedOperator& old_;  // The metadata's.
  const std::uint32_t parallelism_;
  const bool only_keyed_;
  const bool union_;
  runtime::OperatorRestoreOrder order_;
  std::map<std::uint32_t, bool> finished_;
  std::vector<Section> sections_;
};

}  // namespace

runtime::Restores distribute(const runtime::CheckpointMetadata& metadata,
                             const graph::JobGraph& graph,
                             const OperatorMatches& matches,
                             const DroppedStates& dropped,
                             state::Unclaimed unclaimed) {
  runtime::Restores restores;
  for (const graph::JobVertex& vertex : graph.vertices) {
    std::vector<OperatorSections> restored;
    for (const std::uint32_t index : vertex.operators) {
      const OperatorId id = graph.operators[index].id;
      if (auto match = matches.find(id); match != matches.end()) {
        restored.emplace_back(metadata, *match->second, id, vertex.parallelism);
        restored.back().moveTo(restores);
      }
    }
    for (std::uint32_t subtask = 0; !restored.empty() && subtask < vertex.parallelism; ++subtask) {
      runtime::TaskRestore restore{.task = {vertex.id, subtask}, .operators = {}};
      for (const OperatorSections& one : restored) {
        restore.operators.push_back(one.orderFor(subtask, restores));
        restore.operators.back().unclaimed = unclaimed;
        if (auto names = dropped.find(restore.operators.back().id); names != dropped.end()) {
          restore.operators.back().dropped = names->second;
        }
      }
      restores.tasks.push_back(std::move(restore));
    }
  }
  return restores;
}

}  // namespace weir::snapshot
