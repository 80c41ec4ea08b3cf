#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/base/unique_fd.h"
#include "common/runtime/job_state.h"

namespace weir::taskmanager {

/// The directory of one running task manager, `<tmp>/weir-tm-<id>`, with its blobs and its jobs.
///
/// Lives as long as the task manager, holds a lock in it, and deletes it at the end. What a task
/// manager that was killed left behind is recognised by its lock, which nobody holds.
/// Threads: any, for const calls.
class WorkDirectory {
 public:
  /// Makes the directory in `tmp`. Errors name it.
  static Result<std::unique_ptr<WorkDirectory>> create(const std::string& tmp,
                                                       const TaskManagerId& id);
  ~WorkDirectory();
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;

  const std::string& path() const { return path_; }
  /// "weir-tm-<id>"
  std::string name() const;
  std::string blobs() const { return path_ + "/blobs"; }
  /// Makes the directory and its lock again if somebody, such as a cleaner of temporary files, has
  /// deleted them. Errors: kIo; no worker can be started any more.
  Status restore();
  /// Where one attempt of a job lives; made and removed by who runs it.
  std::string ofAttempt(const runtime::ExecutionId& execution) const;

 private:
  WorkDirectory(std::string path, UniqueFd lock);

  std::string path_;
  UniqueFd lock_;
};

/// How directories are named that keepDirectory() keeps.
inline const std::string kFailedPrefix = "weir-failed-";

/// Renames the directory of a failed worker to `kept`, whose name begins with kFailedPrefix,
/// without the state that was fetched for it; of such directories beside it only the newest `most`
/// stay.
void keepDirectory(const std::string& directory, const std::string& kept, std::size_t most);

/// Deletes directories in `tmp` whose task manager does not live any more, and returns their names.
/// Those of other users, or that are just being made, stay. What its workers have started and what
/// has outlived them is killed first.
std::vector<std::string> removeLeftovers(const std::string& tmp);

}  // namespace weir::taskmanager
