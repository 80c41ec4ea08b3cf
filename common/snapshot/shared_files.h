#pragma once

#include <set>
#include <string>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/checkpoint_metadata.h"

/// Files that several checkpoints of one job need: tables that did not change between them.
///
/// They lie in the job's own directory, so that whoever owns that owns them: the job's coordinator
/// while the job lives, then whoever disposes of its checkpoints. A job that was restored from
/// another one's checkpoint reads that one's and removes none. Everything here blocks.
namespace weir::snapshot {

/// Names of what a snapshot shares.
std::set<std::string> sharedFiles(const runtime::CheckpointMetadata& metadata);
/// Names that the checkpoints in the directory of a job need; an Error where some metadata there
/// cannot be read: then nothing is known.
Result<std::set<std::string>> sharedFilesNeeded(fs::FileSystem& files,
                                                const std::string& job_directory,
                                                std::uint64_t most_metadata);
/// Removes shared files of a job but for those of `kept` and those that checkpoints after `last`
/// have stored.
Status removeUnshared(fs::FileSystem& files,
                      const std::string& job_directory,
                      const std::set<std::string>& kept,
                      CheckpointId last);
/// Removes those of `names` that no checkpoint in the directory of an ended job needs.
Status removeShared(fs::FileSystem& files,
                    const std::string& job_directory,
                    const std::set<std::string>& names,
                    std::uint64_t most_metadata);
/// Removes, where the job has ended, what no checkpoint in its directory needs, and the directory
/// of shared files when nothing is left in it.
Status removeAllUnshared(fs::FileSystem& files,
                         const std::string& job_directory,
                         std::uint64_t most_metadata);

}  // namespace weir::snapshot
