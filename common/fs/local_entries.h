#pragma once

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

#include <dirent.h>

#include "common/base/unique_fd.h"
#include "common/fs/file_system.h"
#include "common/fs/temporary_name.h"

/// What the two halves of LocalFileSystem share.
namespace weir::fs {

Error fileError(int errno_value, const std::string& what);

/// Describes an entry of an open directory, or any path with AT_FDCWD; errno when that did not
/// work.
int describe(int directory, const std::string& path, FileInfo& to);

using Stream = std::unique_ptr<DIR, int (*)(DIR*)>;

/// Calls `visit(name)` for every entry; errno when it could not be read to its end.
template <typename Visit>
int forEachEntry(DIR* stream, Visit visit) {
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") {
      visit(name);
    }
    errno = 0;
  }
  return errno;
}

}  // namespace weir::fs
