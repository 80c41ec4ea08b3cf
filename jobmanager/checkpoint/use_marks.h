#pragma once

#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/fs/file_system.h"

/// Files `in-use-<job id>` that say which job would recover from what lies beside them: in the
/// directory of a savepoint, of a checkpoint, or of all checkpoints of the job itself while it
/// lives. All clusters that share the directory heed them. What is here blocks: call it through
/// FileWork only.
namespace weir::jobmanager {

struct InUse {
  JobId job;
  std::string holder;  ///< Process that wrote it, see mark_holder.h; empty in marks of release 0.1.
};

/// In order of their jobs. kNotFound when there is no such directory.
Result<std::vector<InUse>> jobsUsing(fs::FileSystem& files, const std::string& directory);
/// One that is there already stays as it is.
Status writeMark(fs::FileSystem& files,
                 const std::string& directory,
                 JobId job,
                 const std::string& holder);
Status removeMark(fs::FileSystem& files, const std::string& directory, JobId job);

}  // namespace weir::jobmanager
