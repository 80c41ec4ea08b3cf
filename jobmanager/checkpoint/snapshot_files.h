#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/messages.h"
#include "common/runtime/state_handle.h"

/// Files and names of snapshots. Everything that takes a FileSystem blocks: call it through
/// FileWork only. Directories are paths or URIs.
namespace weir::jobmanager {

/// `<directory of the job>/chk-<id>`.
std::string checkpointDirectory(std::string_view job_directory, CheckpointId checkpoint);
/// Whether `directory` is named like one: `.../<32 hex digits>/chk-<number>`.
bool isCheckpointDirectory(std::string_view directory);
/// Whether it is named like that of this checkpoint of this job.
bool isCheckpointDirectory(std::string_view directory, JobId job, CheckpointId checkpoint);

/// What a metadata file may hold unless the configuration says otherwise.
inline constexpr std::uint64_t kMostMetadataBytes = 256 << 20;

/// The whole of a file; kResourceExhausted, before anything is read, when it has more than `most`
/// bytes.
Result<std::string> readBounded(const fs::FileReader& file,
                                const std::string& path,
                                std::uint64_t most);

/// Writes `<directory>/metadata`, durably. kResourceExhausted when it would be larger than what is
/// read again.
Status writeMetadata(fs::FileSystem& files,
                     const std::string& directory,
                     const runtime::CheckpointMetadata& metadata,
                     std::uint64_t most = kMostMetadataBytes);
/// Reads `<directory>/metadata` and checks all names in it; the data directory of the result is
/// never empty. kNotFound, saying that there is no savepoint at `named` (what the user wrote, if
/// given), when there is none; kCorruption or kInvalidArgument when it is not intact;
/// kResourceExhausted, before memory is taken, when it has more than `most` bytes.
Result<runtime::CheckpointMetadata> readMetadata(fs::FileSystem& files,
                                                 const std::string& directory,
                                                 const std::string& named = {},
                                                 std::uint64_t most = kMostMetadataBytes);

/// Ends the life of a snapshot before its state goes: from now on readMetadata() says that it is
/// being disposed, and only readDisposed() finds it. When it cannot, nothing has changed.
Status beginDisposal(fs::FileSystem& files,
                     const std::string& directory,
                     std::uint64_t most = kMostMetadataBytes);
/// The metadata of a snapshot whose disposal was begun; errors as those of readMetadata().
Result<runtime::CheckpointMetadata> readDisposed(fs::FileSystem& files,
                                                 const std::string& directory,
                                                 const std::string& named = {},
                                                 std::uint64_t most = kMostMetadataBytes);
/// Removes what is left of the metadata, before or after beginDisposal().
Status removeMetadata(fs::FileSystem& files, const std::string& directory);
/// Whether a file of this name in the directory of a snapshot is its metadata.
bool isMetadata(std::string_view name);

/// Refuses an acknowledgement with state elsewhere than in files of `directory`, which is that of
/// its checkpoint; in blobs, if that is empty.
Status checkLocations(const runtime::CheckpointAck& ack, const std::string& directory);
/// Makes the locations of files relative to the metadata's data directory.
void makeRelative(runtime::CheckpointMetadata& metadata);
/// The handle with an absolute location.
runtime::StateHandle resolve(const runtime::CheckpointMetadata& metadata,
                             runtime::StateHandle handle);
/// Names of all files in the data directory that a snapshot needs, each once.
std::vector<std::string> dataFiles(const runtime::CheckpointMetadata& metadata);
/// One sentence for each named file that is missing or shorter than what is said to be in it. An
/// error when that cannot be known, or where something else bears the name of a file.
Result<std::vector<std::string>> damagedFiles(fs::FileSystem& files,
                                              const runtime::CheckpointMetadata& metadata);

/// Whether a worker names files of state like that.
bool isTaskFile(std::string_view name);
/// Removes from the directory of a checkpoint the files `names`, the metadata, and all that is
/// named like a task's file; then the directory. Everything else stays, and then the directory
/// does: kFailedPrecondition, naming the first.
Status removeCheckpointDirectory(fs::FileSystem& files,
                                 const std::string& directory,
                                 const std::vector<std::string>& names);

}  // namespace weir::jobmanager
