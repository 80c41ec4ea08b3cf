#pragma once

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

#include <dirent.h>

#include "common/base/random.h"
#include "common/base/unique_fd.h"
#include "common/fs/file_system.h"

/// What the two halves of LocalFileSystem share.
namespace weir::fs {

Error fileError(int errno_value, const std::string& what);

/// Describes an entry of an open directory, or any path with AT_FDCWD; errno when that did not
/// work.
int describe(int directory, const std::string& path, FileInfo& to);

/// `.<name>.<random>.tmp`: the name of a file that is being written.
std::string temporaryName(const std::string& name, Random& random);
bool isTemporary(std::string_view name);

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
