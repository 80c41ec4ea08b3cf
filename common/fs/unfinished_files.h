#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/fs/file_system.h"

namespace weir::fs {

/// A file system on which something stays of a writer that is killed before its commit: bytes under
/// hidden names, or an upload that is neither completed nor aborted.
class UnfinishedFiles {
 public:
  /// Whether a file of this name, in the directory that was asked about, is the caller's alone.
  using IsOurs = std::function<bool(std::string_view name)>;

  virtual ~UnfinishedFiles() = default;
  /// Deletes what stays in the directory of files that are ours, and none of those that were
  /// committed; ok when there is nothing, or no such directory. A writer of such a file that lives
  /// cannot commit any more.
  virtual Status removeUnfinished(const std::string& directory, const IsOurs& is_ours) = 0;
};

/// The same; ok also where nothing stays of writers that are killed.
Status removeUnfinished(FileSystem& files,
                        const std::string& directory,
                        const UnfinishedFiles::IsOurs& is_ours);

}  // namespace weir::fs
