#include "common/daemon/named_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace weir::daemon {

UniqueFd openDirectory(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool hasItsName(const UniqueFd& held, const std::string& path) {
  struct stat ours{};
  struct stat named{};
  return ::fstat(held.get(), &ours) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

bool lockNamed(const UniqueFd& held, const std::string& path) {
  return ::flock(held.get(), LOCK_EX | LOCK_NB) == 0 && hasItsName(held, path);
}

}  // namespace weir::daemon
