#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/fs/file_system.h"

namespace weir::offline {

/// What time it is where a directory lies, by the clock that dates its files: by a file that is
/// written there, and removed again. Ours may be an hour ahead, and then what was written just now
/// would look as old as that. Errors: those of the file system.
Result<std::int64_t> storageMillis(fs::FileSystem& files, const std::string& directory);

}  // namespace weir::offline
