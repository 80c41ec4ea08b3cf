#pragma once

#include <cstdint>
#include <span>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/functions/operator.h"
#include "common/runtime/deployment.h"
#include "common/snapshot/section_opener.h"

namespace weir::worker {

/// All that one operator gets back in subtask `subtask` of `parallelism`. What is returned owns all
/// it needs but `files`, and calls `on_read`. Errors as those of snapshot::SectionOpener.
Result<functions::OperatorRestore> openRestore(const runtime::OperatorRestoreOrder& order,
                                               std::span<const runtime::RestoreSection> sections,
                                               std::uint32_t subtask,
                                               std::uint32_t parallelism,
                                               std::uint32_t max_parallelism,
                                               fs::FileSystem& files,
                                               snapshot::SectionOpener::OnRead on_read = {});

}  // namespace weir::worker
