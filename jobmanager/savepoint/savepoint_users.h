#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "common/base/ids.h"
#include "common/fs/file_system.h"
#include "jobmanager/savepoint/path_work.h"

namespace weir::jobmanager {

/// The jobs of this job manager that would recover from a savepoint: while there are any, it is not
/// disposed. For other clusters a mark stands beside one in files, and beside its state.
///
/// Threads: the strand. A mark that cannot be written or removed is told in the log.
class SavepointUsers {
 public:
  /// The references outlive this. `holder` is this process, as marks name it.
  SavepointUsers(fs::FileSystem& files, PathWork& work, std::string holder)
      : files_(files), work_(work), holder_(std::move(holder)) {}

  /// `path` is on the heap or the directory of a savepoint, whose state lies in `data_directory`.
  void add(const std::string& path,
           const std::string& data_directory,
           JobId job,
           std::function<void()> done);
  /// Also of a job that was marked by who wrote the savepoint, and not here.
  void remove(const std::string& path, JobId job, std::function<void()> done);
  std::set<JobId> of(const std::string& path) const;
  /// The savepoint is gone.
  void forget(const std::string& path) { users_.erase(path); }

 private:
  struct Users {
    std::string data_directory;
    std::set<JobId> jobs;
  };

  void removed(const std::string& path, JobId job);

  fs::FileSystem& files_;  // Borrowed from the dispatcher's owner.
  PathWork& work_;         // Borrowed from the store.
  const std::string holder_;
  std::map<std::string, Users> users_;  // By path.
};

}  // namespace weir::jobmanager
