#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/fs/file_system.h"
#include "common/offline/fsck.h"
#include "common/snapshot/use_marks.h"

namespace weir::offline {

/// What lies in the directory of a snapshot, told without its metadata.
struct DirectoryFacts {
  std::vector<fs::FileInfo> state_files;  ///< Named as workers and savepoints name state.
  std::vector<std::string> foreign;       ///< Names that are none of ours.
  std::vector<snapshot::InUse> marks;     ///< Of the jobs that claim it.
  std::uint64_t size = 0;                 ///< In bytes, of the files in it and in `program`.
  std::int64_t age_millis = 0;            ///< Since the last of them was written.
};

/// Whether a mark claims what lies beside it: unless its process is known to be gone.
inline bool claims(const snapshot::InUse& mark, const FsckSettings& settings) {
  return !settings.is_gone || !settings.is_gone(mark.holder);
}

/// What cannot be listed counts as empty and new.
DirectoryFacts factsOf(fs::FileSystem& files,
                       const std::string& directory,
                       std::int64_t now_millis);

}  // namespace weir::offline
