#pragma once

#include <vector>

#include "common/fs/file_system.h"
#include "common/offline/verification.h"
#include "common/runtime/checkpoint_metadata.h"

namespace weir::offline {

/// Bytes of data files that belong to no section, so that no checksum speaks for them. A file that
/// is missing or too short is told elsewhere.
std::vector<Damage> verifyCoverage(fs::FileSystem& files,
                                   const runtime::CheckpointMetadata& metadata);
/// What is wrong with the label beside a snapshot.
std::vector<Damage> verifyLabel(fs::FileSystem& files, const std::string& directory);

}  // namespace weir::offline
