#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/graph/job_graph.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/client_messages.h"
#include "common/runtime/restores.h"

namespace weir::testing {

/// A path as the user wrote it, relative ones to the working directory.
std::string absolutePath(const std::string& path);

/// Writes a savepoint, all of whose state is in its handles, into a directory of its own below
/// `parent`, and answers that. It is one that was exported: it depends on no other file, and
/// belongs to no job that would recover from it. Errors: those of the file system, naming the path.
Result<std::string> writeSavepoint(fs::FileSystem& files,
                                   const std::string& parent,
                                   runtime::CheckpointMetadata metadata);

/// What the subtasks of a program get of a savepoint.
struct OpenedSavepoint {
  runtime::Restores restores;
  CheckpointId checkpoint;  ///< That it was.
  std::int64_t trigger_millis = 0;
};
/// Looks at all files of the savepoint that `request` names, and matches its state with the
/// program's. Errors: those of the file system; kInvalidArgument with a line for each item that
/// does not fit.
Result<OpenedSavepoint> openSavepoint(fs::FileSystem& files,
                                      const graph::JobGraph& graph,
                                      const runtime::RestoreRequest& request);

}  // namespace weir::testing
