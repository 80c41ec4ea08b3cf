#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/state_handle.h"

/// Files and names of snapshots. Everything that takes a FileSystem blocks: call it through
/// FileWork only. Directories are paths or URIs.
namespace weir::jobmanager {

/// `<directory of the job>/chk-<id>`.
std::string checkpointDirectory(std::string_view job_directory, CheckpointId checkpoint);
/// Whether `directory` is named like one: `.../<32 hex digits>/chk-<number>`.
bool isCheckpointDirectory(std::string_view directory);

/// Writes `<directory>/metadata`, durably.
Status writeMetadata(fs::FileSystem& files,
                     const std::string& directory,
                     const runtime::CheckpointMetadata& metadata);
/// Reads `<directory>/metadata`. kNotFound, saying that there is no savepoint at `named` (what the
/// user wrote, if given), when there is none; kCorruption when it is damaged.
Result<runtime::CheckpointMetadata> readMetadata(fs::FileSystem& files,
                                                 const std::string& directory,
                                                 const std::string& named = {});

/// Makes the locations of files relative to the metadata's data directory where they lie in it.
void makeRelative(runtime::CheckpointMetadata& metadata);
/// The handle with an absolute location.
runtime::StateHandle resolve(const runtime::CheckpointMetadata& metadata,
                             runtime::StateHandle handle);
/// Absolute locations of all files that a snapshot names, each once.
std::vector<std::string> dataFiles(const runtime::CheckpointMetadata& metadata);
/// One sentence for each named file that is missing or shorter than what is said to be in it.
std::vector<std::string> damagedFiles(fs::FileSystem& files,
                                      const runtime::CheckpointMetadata& metadata);
/// Bytes that lie in metadata or in the blob store, not in files.
std::uint64_t bytesOnJobManager(const runtime::CheckpointMetadata& metadata);

}  // namespace weir::jobmanager
