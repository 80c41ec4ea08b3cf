#include "taskmanager/worker/checkpoint/restored_state.h"

#include <set>
#include <string>
#include <utility>

#include "common/schema/key_group.h"
#include "common/schema/state_kinds.h"

namespace weir::worker {

namespace {

/// A section that holds key groups which its subtask did not own is another's, or was assembled
/// wrongly.
Status checkOwner(const state::SectionReader& section,
                  std::uint32_t subtask,
                  std::uint32_t parallelism,
                  std::uint32_t max_parallelism) {
  const KeyGroupRange own = keyGroupRangeOf(subtask, parallelism, max_parallelism);
  for (std::size_t i = 0; i < section.states().size(); ++i) {
    for (const state::GroupSummary& one : section.groups(i)) {
      if (!own.contains(one.group)) {
        return section.corrupt("key group " + std::to_string(one.group) + " of state '" +
                               section.states()[i].name + "' is none of subtask " +
                               std::to_string(subtask + 1) + " of " + std::to_string(parallelism) +
                               ", which is said to have written it");
      }
    }
  }
  return ok();
}

/// Whether every old subtask is there that this one needs state of, or is known to have stored
/// none.
Status checkComplete(const functions::OperatorRestore& restore,
                     const runtime::OperatorRestoreOrder& order,
                     std::uint32_t subtask,
                     std::uint32_t parallelism,
                     std::uint32_t max_parallelism) {
  if (!order.without || order.old_parallelism == 0) {
    return ok();
  }
  const std::uint32_t old = order.old_parallelism;
  bool all = false;  // Lists that are dealt out anew are needed of all.
  for (const functions::RestoredSection& part : restore.sections) {
    for (const state::StateSummary& one : part.section->states()) {
      all = all || one.mode == state::ListMode::kUnion || one.mode == state::ListMode::kBroadcast ||
            (old != parallelism && !state::isKeyed(one.kind));
    }
  }
  std::uint64_t needed = old;
  if (!all && old == parallelism) {
    needed = 1;
  } else if (!all) {
    const KeyGroupRange own = keyGroupRangeOf(subtask, parallelism, max_parallelism);
    needed = subtaskOf(own.last, old, max_parallelism) - subtaskOf(own.first, old, max_parallelism);
    ++needed;
  }
  const std::uint64_t have = restore.sections.size() + std::uint64_t{*order.without};
  return have >= needed ? ok()
                        : Status(Error(ErrorCode::kInternal,
                                       "the state of " + std::to_string(needed - have) + " of " +
                                           std::to_string(needed) +
                                           " subtasks that it is to be restored from was not "
                                           "sent"));
}

}  // namespace

Result<functions::OperatorRestore> openRestore(const runtime::OperatorRestoreOrder& order,
                                               std::span<const runtime::RestoreSection> sections,
                                               std::uint32_t subtask,
                                               std::uint32_t parallelism,
                                               std::uint32_t max_parallelism,
                                               fs::FileSystem& files,
                                               snapshot::SectionOpener::OnRead on_read) {
  functions::OperatorRestore restore;
  restore.key_groups = keyGroupRangeOf(subtask, parallelism, max_parallelism);
  restore.old_parallelism = order.old_parallelism;
  restore.dropped = order.dropped;
  restore.unclaimed = order.unclaimed;
  snapshot::SectionOpener opener(files, std::move(on_read));
  std::set<std::uint32_t> known;
  for (const auto& section : sections) {
    if (section.old_subtask >= order.old_parallelism || !known.insert(section.old_subtask).second) {
      return Error(ErrorCode::kInternal,
                   "the state of subtask " + std::to_string(section.old_subtask + 1) + " of " +
                       std::to_string(order.old_parallelism) +
                       " was sent twice, or there is no such subtask");
    }
    if (section.handle.storage == runtime::SectionHandle::Storage::kNone) {
      continue;
    }
    WEIR_TRY(auto reader, opener.open(section.handle));
    WEIR_RETURN_IF_ERROR(
        checkOwner(*reader, section.old_subtask, order.old_parallelism, max_parallelism));
    restore.sections.push_back(functions::RestoredSection{section.old_subtask, std::move(reader)});
  }
  WEIR_RETURN_IF_ERROR(checkComplete(restore, order, subtask, parallelism, max_parallelism));
  return restore;
}

}  // namespace weir::worker
