#include "common/fs/local_entries.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "common/fs/uri.h"

namespace weir::fs {
namespace {

constexpr std::size_t kRandomDigits = 12;
constexpr std::string_view kTemporary = ".tmp";

}  // namespace

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

std::string temporaryName(const std::string& name, Random& random) {
  return "." + name + "." + random.hex(kRandomDigits) + std::string(kTemporary);
}

bool isTemporary(std::string_view name) {
  if (!name.starts_with('.') || !name.ends_with(kTemporary)) {
    return false;
  }
  name.remove_suffix(kTemporary.size());
  const std::size_t dot = name.rfind('.');
  const std::string_view random = name.substr(dot + 1);
  return dot > 1 && random.size() == kRandomDigits &&
         random.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace weir::fs
