#include "taskmanager/worker/checkpoint/restored_state.h"

#include <utility>

#include "common/schema/key_group.h"
#include "common/snapshot/section_opener.h"

namespace weir::worker {

Result<functions::OperatorRestore> openRestore(const runtime::OperatorRestoreOrder& order,
                                               std::span<const runtime::RestoreSection> sections,
                                               std::uint32_t subtask,
                                               std::uint32_t parallelism,
                                               std::uint32_t max_parallelism,
                                               fs::FileSystem& files) {
  functions::OperatorRestore restore;
  restore.key_groups = keyGroupRangeOf(subtask, parallelism, max_parallelism);
  restore.old_parallelism = order.old_parallelism;
  restore.dropped = order.dropped;
  restore.unclaimed = order.unclaimed;
  snapshot::SectionOpener opener(files);
  for (const auto& section : sections) {
    if (section.handle.storage == runtime::SectionHandle::Storage::kNone) {
      continue;
    }
    WEIR_TRY(auto reader, opener.open(section.handle));
    restore.sections.push_back(functions::RestoredSection{section.old_subtask, std::move(reader)});
  }
  return restore;
}

}  // namespace weir::worker
