#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/functions/operator.h"
#include "common/runtime/deployment.h"

namespace weir::worker {

/// Opens a section of a snapshot for reading, wherever it lies: in the handle or in a file. The
/// bytes are checked before anything is restored from them. What is returned owns all it needs
/// but `files`. Errors: kCorruption and those of the file system, naming the file.
Result<std::shared_ptr<state::SectionReader>> openSection(const runtime::StateHandle& handle,
                                                          fs::FileSystem& files);

/// All that one operator gets back in subtask `subtask` of `parallelism`. Errors as above.
Result<functions::OperatorRestore> openRestore(const runtime::OperatorRestoreOrder& order,
                                               std::span<const runtime::RestoreSection> sections,
                                               std::uint32_t subtask,
                                               std::uint32_t parallelism,
                                               std::uint32_t max_parallelism,
                                               fs::FileSystem& files);

}  // namespace weir::worker
