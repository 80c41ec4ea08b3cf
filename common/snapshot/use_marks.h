#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/fs/file_system.h"

/// Files `in-use-<job id>` that say which job would recover from what lies beside them: in the
/// directory of a savepoint, of a checkpoint, or of all checkpoints of the job itself while it
/// lives. All clusters that share the directory heed them. What is here blocks: call it through
/// FileWork only.
namespace weir::snapshot {

struct InUse {
  JobId job;
  std::string holder;  ///< Process that wrote it, see mark_holder.h; empty in marks of release 0.1.
  std::int64_t written_millis = 0;  ///< Since the epoch.
};

/// In order of their jobs. kNotFound when there is no such directory.
Result<std::vector<InUse>> jobsUsing(fs::FileSystem& files, const std::string& directory);
/// One that is there already stays as it is, or changes hands where another process wrote it: that
/// of a job which a new leader has taken up.
Status writeMark(fs::FileSystem& files,
                 const std::string& directory,
                 JobId job,
                 const std::string& holder);
/// A crash of the machine does not bring it back. Ok when there is none.
Status removeMark(fs::FileSystem& files, const std::string& directory, JobId job);

}  // namespace weir::snapshot
