#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/runtime/job_state.h"
#include "taskmanager/daemon/supervision/unique_fd.h"

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
  std::string blobs() const { return path_ + "/blobs"; }
  /// Where one attempt of a job lives; made and removed by who runs it.
  std::string ofAttempt(const runtime::ExecutionId& execution) const;

 private:
  WorkDirectory(std::string path, UniqueFd lock);

  std::string path_;
  UniqueFd lock_;
};

/// Deletes directories in `tmp` whose task manager does not live any more, and returns their names.
/// Those of other users, or that are just being made, stay.
std::vector<std::string> removeLeftovers(const std::string& tmp);

}  // namespace weir::taskmanager
