#include "common/fs/local_entries.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "common/fs/uri.h"

namespace weir::fs {

Error fileError(int errno_value, const std::string& what) {
  Error error = systemError(errno_value, what);
  switch (errno_value) {
    case ENOSPC:
    case EDQUOT:
      return Error(ErrorCode::kResourceExhausted, error.message());
    case EEXIST:
    case ENOTEMPTY:
      return Error(ErrorCode::kFailedPrecondition, error.message());
    case ENOTDIR:
      return Error(ErrorCode::kNotFound, error.message());
    default:
      return error;
  }
}

int describe(int directory, const std::string& path, FileInfo& to) {
  struct stat info{};
  if (::fstatat(directory, path.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno;
  }
  to.link = S_ISLNK(info.st_mode);
  if (to.link && ::fstatat(directory, path.c_str(), &info, 0) != 0) {
    return errno;
  }
  to.name = nameOf(path);
  to.directory = S_ISDIR(info.st_mode);
  to.regular = S_ISREG(info.st_mode);
  to.size = to.directory ? 0 : static_cast<std::uint64_t>(info.st_size);
  to.modified_millis =
      static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1000 + info.st_mtim.tv_nsec / 1000000;
  to.identity = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  return 0;
}

}  // namespace weir::fs
