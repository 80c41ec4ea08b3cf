#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/section_handle.h"

/// The files that a snapshot's handles name, and whether they are there.
namespace weir::snapshot {

/// Makes the locations of files relative to the metadata's data directory.
void makeRelative(runtime::CheckpointMetadata& metadata);
/// The handle with an absolute location.
runtime::SectionHandle resolve(const runtime::CheckpointMetadata& metadata,
                               runtime::SectionHandle handle);
/// Names of all files in the data directory that a snapshot needs, each once.
std::vector<std::string> dataFiles(const runtime::CheckpointMetadata& metadata);
/// One sentence for each named file that is missing or shorter than what is said to be in it. An
/// error when that cannot be known, or where something else bears the name of a file. Blocks.
Result<std::vector<std::string>> damagedFiles(fs::FileSystem& files,
                                              const runtime::CheckpointMetadata& metadata);

}  // namespace weir::snapshot
