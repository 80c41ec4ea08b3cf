#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/deployment.h"

/// The program that a savepoint keeps beside its metadata; common/wire/metadata_format.md has the
/// layout.
namespace weir::snapshot {

inline constexpr std::string_view kProgramDescription = "description";

/// The files of the program stored in `directory`, the savepoint's, each once; none when no program
/// is. kCorruption when its description is damaged. Blocks.
Result<std::vector<runtime::BlobKey>> programFiles(fs::FileSystem& files,
                                                   const std::string& directory);

}  // namespace weir::snapshot
