#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/client_messages.h"
#include "common/snapshot/metadata_file.h"

/// Savepoints in directories, as those see them who restore from them or list them. What takes a
/// FileSystem blocks.
namespace weir::snapshot {

struct Opened {
  std::string path;  ///< The URI of its directory, or the path of one on the heap.
  runtime::CheckpointMetadata metadata;
};

/// The directory of a savepoint or completed checkpoint, all of whose files were looked at: what is
/// missing is an error here, not in a task. `path` is what its user called it.
Result<Opened> openWhole(fs::FileSystem& files,
                         const std::string& path,
                         std::uint64_t most_metadata = kMostMetadataBytes);

runtime::SavepointInfo describeSavepoint(const std::string& path,
                                         const runtime::CheckpointMetadata& metadata);
/// The jobs whose marks in a directory say that they would recover from what lies there.
std::vector<JobId> usersOf(fs::FileSystem& files, const std::string& directory);
/// The savepoints right below `parent`, exports among them, or that which it is; also damaged ones.
std::vector<runtime::SavepointInfo> listSavepoints(fs::FileSystem& files,
                                                   const std::string& parent,
                                                   std::uint64_t most_metadata);

}  // namespace weir::snapshot
