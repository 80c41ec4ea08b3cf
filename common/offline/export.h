#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/snapshot/metadata_file.h"

namespace weir::offline {

struct ExportSettings {
  std::uint64_t most_metadata = snapshot::kMostMetadataBytes;
  /// Told of bytes copied and to be copied; false ends it.
  std::function<bool(std::uint64_t, std::uint64_t)> progress = {};
};

struct Exported {
  std::string path;  ///< Of the copy, as a URI.
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;            ///< Of state.
  std::vector<std::string> warnings;  ///< What it does not hold though it is needed.
};

/// Makes `target`, a local directory that is empty or not there, a copy of the snapshot at `path`
/// that needs nothing outside of itself and may be copied and moved anywhere: metadata, state, and
/// the program stored with it. Every section is checked while it is copied.
///
/// It is written in a directory beside `target` (snapshot::exportName()), whose name it gets when
/// it is whole and the original was found unchanged: a crash leaves nothing that looks like a
/// savepoint. What fails leaves nothing. Errors: kFailedPrecondition when `target` holds something,
/// or the original went or changed meanwhile; kCorruption, naming file and operator; kCancelled.
Result<Exported> exportSnapshot(fs::FileSystem& files,
                                Random& random,
                                const std::string& path,
                                const std::string& target,
                                const ExportSettings& settings);

/// Deletes the directory of an export that was not ended: the files that one writes, by their
/// names, and the directories once they are empty. kFailedPrecondition when there is more in it.
Status removeUnfinishedExport(fs::FileSystem& files, const std::string& directory);

/// Removes the files of a program that stand beside a snapshot of which there is no metadata, by
/// their names, and their directory when nothing else is in it.
Status removeUnfinishedProgram(fs::FileSystem& files, const std::string& directory);

}  // namespace weir::offline
