#include "common/fs/local_rename.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

#include "common/fs/local_entries.h"
#include "common/fs/uri.h"

namespace weir::fs {

Status publishDirectory(const std::string& from, const std::string& to) {
  WEIR_TRY(const std::string source, localPath(from));
  WEIR_TRY(const std::string target, localPath(to));
  if (::rename(source.c_str(), target.c_str()) != 0) {
    const int error = errno;
    if (error == ENOTEMPTY || error == EEXIST || error == ENOTDIR) {
      return Error(ErrorCode::kFailedPrecondition, target + " is there already");
    }
    return fileError(error, "rename " + source + " to " + target);
  }
  const UniqueFd above(::open(parentOf(target).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some mounts cannot sync a directory and say so; they order their metadata themselves.
  if (!above || (::fsync(above.get()) != 0 && errno != EINVAL && errno != ENOTSUP)) {
    return fileError(errno, "sync directory " + parentOf(target));
  }
  return ok();
}

}  // namespace weir::fs
