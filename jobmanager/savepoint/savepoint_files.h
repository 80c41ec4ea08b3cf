#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/messages.h"
#include "common/snapshot/savepoints.h"
#include "jobmanager/blob/blob_store.h"

/// Savepoints as paths and directories. What takes a FileSystem blocks: call it through FileWork
/// only.
namespace weir::jobmanager {

/// What writeSavepoint() of an earlier leader has left at `directory`: the savepoint of this
/// checkpoint where all of it is whole; else none, and what was there is removed. What belongs to
/// another checkpoint stays. On an error nothing is known, and something of it may be left.
Result<std::optional<snapshot::Opened>> settleSavepoint(fs::FileSystem& files,
                                                        const std::string& directory,
                                                        JobId job,
                                                        CheckpointId checkpoint,
                                                        std::uint64_t most_metadata);

/// Writes `<parent>/<name>/metadata`; returns the savepoint's URI. Without a data
/// directory of its checkpoint, sections that lie on the job manager and are larger than
/// `inline_limit` become files of the savepoint, which is its own data directory then. `program`,
/// if there is one, is stored beside it, and the mark of its job, with `holder`.
/// kFailedPrecondition when the name is taken.
Result<std::string> writeSavepoint(fs::FileSystem& files,
                                   blob::BlobStore& blobs,
                                   const std::string& parent,
                                   const std::string& name,
                                   std::uint64_t inline_limit,
                                   std::uint64_t metadata_limit,
                                   runtime::CheckpointMetadata metadata,
                                   const runtime::JobProgram* program,
                                   const std::string& holder);

/// Writes the mark of `job` beside the savepoint, and beside its state where that lies elsewhere:
/// in the checkpoint that it points to, or in the savepoint that it is a copy of. kNotFound when
/// there is no savepoint any more.
Status writeInUse(fs::FileSystem& files,
                  const std::string& directory,
                  const std::string& data_directory,
                  JobId job,
                  const std::string& holder);
/// Removes what writeInUse() has written; what writeSavepoint() has, with no `data_directory`.
Status removeInUse(fs::FileSystem& files,
                   const std::string& directory,
                   const std::string& data_directory,
                   JobId job);

}  // namespace weir::jobmanager
