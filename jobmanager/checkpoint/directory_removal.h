#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/fs/file_system.h"

namespace weir::jobmanager {

/// Removes from the directory of a checkpoint the files `names`, the metadata, and all that is
/// named like a task's file; then the directory. Everything else stays, and then the directory
/// does: kFailedPrecondition, naming the first. Blocks: call it through FileWork only.
Status removeCheckpointDirectory(fs::FileSystem& files,
                                 const std::string& directory,
                                 const std::vector<std::string>& names);

}  // namespace weir::jobmanager
