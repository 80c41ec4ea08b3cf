#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/unique_fd.h"

namespace weir::daemon {

/// The directory of one running process, `<parent>/<prefix><hex>`, open to its user alone.
///
/// The process holds two locks while it lives, one on the directory and one on the file `lock` in
/// it, and deletes the directory at its end. So others can tell what a process that was killed has
/// left behind, also where somebody, such as a cleaner of temporary files, deleted what is in the
/// directory of one that lives. Belongs to one thread, except for restore().
class OwnedDirectory {
 public:
  /// Makes the directory in `parent`, which exists. kFailedPrecondition when its name is taken by
  /// something that is not ours; kUnavailable when another process
  /// holds its lock for three seconds. Errors name it.
  static Result<std::unique_ptr<OwnedDirectory>> create(const std::string& parent,
                                                        std::string_view prefix,
                                                        std::string_view hex);
  ~OwnedDirectory();
  OwnedDirectory(const OwnedDirectory&) = delete;
  OwnedDirectory& operator=(const OwnedDirectory&) = delete;

  const std::string& path() const { return path_; }
  /// Makes directory and locks again where somebody deleted them; kFailedPrecondition when
  /// something else has the name by now. From any thread.
  Status restore();

 private:
  struct Locks {
    UniqueFd directory;
    UniqueFd file;
  };
  OwnedDirectory(std::string path, Locks locks)
      : path_(std::move(path)), locks_(std::move(locks)) {}
  static Result<Locks> make(const std::string& path);

  const std::string path_;
  std::mutex mutex_;  // Of restore().
  Locks locks_;
};

/// Whether `name` is `prefix` and `letters` hexadecimal digits after it.
bool isOwnedName(std::string_view name, std::string_view prefix, std::size_t letters);

/// Deletes the owned directories in `parent` with such names whose process does not live any more,
/// and returns their names. `before` hears each name first. What is not a directory of our user
/// stays, and what has neither a lock nor was open to its user alone.
std::vector<std::string> removeLeftovers(
    const std::string& parent,
    std::string_view prefix,
    std::size_t letters,
    const std::function<void(const std::string& name)>& before = {});

}  // namespace weir::daemon
