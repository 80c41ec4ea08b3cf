#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/daemon/owned_directory.h"
#include "common/runtime/job_state.h"

namespace weir::taskmanager {

/// The directory of one running task manager, `<tmp>/weir-tm-<id>`, with its blobs and its jobs: an
/// owned directory, deleted at the end. Threads: any, for const calls.
class WorkDirectory {
 public:
  /// Makes the directory in `tmp`. Errors name it.
  static Result<std::unique_ptr<WorkDirectory>> create(const std::string& tmp,
                                                       const TaskManagerId& id);

  const std::string& path() const { return owned_->path(); }
  /// "weir-tm-<id>"
  std::string name() const;
  std::string blobs() const { return path() + "/blobs"; }
  /// Makes the directory and its lock again if somebody, such as a cleaner of temporary files, has
  /// deleted them. Errors: kIo; no worker can be started any more.
  Status restore();
  /// Where one attempt of a job lives; made and removed by who runs it.
  std::string ofAttempt(const runtime::ExecutionId& execution) const;

 private:
  explicit WorkDirectory(std::unique_ptr<daemon::OwnedDirectory> owned)
      : owned_(std::move(owned)) {}

  const std::unique_ptr<daemon::OwnedDirectory> owned_;
};

/// Whether a WorkDirectory may have this name.
bool isWorkDirectoryName(std::string_view name);

/// What the kept directory of a failed attempt is named: "weir-failed-<job>-<attempt>".
std::string keptName(const runtime::ExecutionId& execution);

/// Renames the directory of a failed worker to `kept`, a keptName() beside other such directories,
/// without the state that was fetched for it, and open to our user alone; of those beside it only
/// the newest `most` stay.
void keepDirectory(const std::string& directory, const std::string& kept, std::size_t most);

/// Deletes directories in `tmp` whose task manager does not live any more, and returns their names.
/// What its workers have started and what has outlived them is killed first.
std::vector<std::string> removeLeftovers(const std::string& tmp);

}  // namespace weir::taskmanager
