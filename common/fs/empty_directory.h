#pragma once

#include <string>

#include "common/base/result.h"
#include "common/fs/file_system.h"

namespace weir::fs {

/// Removes a directory that holds nothing, and says whether it is gone. What is in it is told by
/// list(), as an object store has no directories that could refuse to go; files that were never
/// committed do not count.
Result<bool> removeEmptyDirectory(FileSystem& files, const std::string& directory);

}  // namespace weir::fs
