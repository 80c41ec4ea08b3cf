#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/snapshot/savepoints.h"

namespace weir::offline {

/// One state of an operator, over all its subtasks.
struct DescribedState {
  runtime::SavedState saved;
  std::uint64_t key_groups = 0;  ///< That hold an entry; keyed kinds only.
  std::uint64_t subtasks = 0;    ///< That hold an entry.
};

struct DescribedOperator {
  const runtime::SavedOperator* saved = nullptr;  ///< Of the snapshot's metadata.
  std::uint64_t bytes = 0;                        ///< As stored.
  std::vector<DescribedState> states;
};

/// What a snapshot holds, told from its metadata and the ends of its sections; no value is read.
/// Valid as long as the snapshot that it describes.
struct SnapshotDescription {
  std::string label;                         ///< What its owner wrote; may be empty.
  std::vector<JobId> users;                  ///< Jobs that would recover from it.
  bool self_contained = false;               ///< All that it needs lies in its own directory.
  std::uint32_t format = 0;                  ///< Version of the metadata's format.
  std::vector<std::string> files;            ///< In the data directory, each once.
  std::vector<DescribedOperator> operators;  ///< In the order of the metadata.
  /// A sentence for each section that could not be looked into: it counts as empty above.
  std::vector<std::string> unreadable;
};

/// The snapshot at `path`, as its user called it; only its metadata is looked at. Blocks. Errors:
/// those of snapshot::readMetadata(), and kInvalidArgument for one in the memory of a job manager.
Result<snapshot::Opened> openSnapshot(fs::FileSystem& files,
                                      const std::string& path,
                                      std::uint64_t most_metadata);

/// Looks at the ends of all sections. Blocks.
SnapshotDescription describe(fs::FileSystem& files, const snapshot::Opened& opened);

}  // namespace weir::offline
