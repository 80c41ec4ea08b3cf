// How files and directories of this machine go; the other half of local_file_system.cc.

#include <cerrno>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fs/local_entries.h"
#include "common/fs/local_file_system.h"
#include "common/fs/progress.h"
#include "common/fs/uri.h"

namespace weir::fs {
namespace {

/// Regular files that were never committed, of those whose names `wanted` takes.
std::vector<std::string> unfinishedIn(DIR* directory, const UnfinishedFiles::IsOurs& wanted) {
  std::vector<std::string> unfinished;
  forEachEntry(directory, [&](const std::string& name) {
    FileInfo info;
    if (isTemporary(name) && wanted(finalNameOf(name)) &&
        describe(::dirfd(directory), name, info) == 0 && info.regular && !info.link) {
      unfinished.push_back(name);
    }
  });
  return unfinished;
}

Stream openDirectory(const std::string& directory) {
  UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  Stream stream(fd ? ::fdopendir(fd.get()) : nullptr, &::closedir);
  if (stream) {
    static_cast<void>(fd.release());  // Closed with the stream.
  }
  return stream;
}

}  // namespace

Status LocalFileSystem::removeFile(const std::string& path) {
  noteProgress();
  WEIR_TRY(auto local, localPath(path));
  const std::string what = "delete " + local;
  const std::string name = nameOf(local);
  const UniqueFd above(
      ::open(parentOf(local).c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info{};
  if (!above && errno == ENOTDIR) {
    return Error(ErrorCode::kFailedPrecondition, what + ": the directory is none, or a link");
  }
  if (!above || ::fstatat(above.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? ok() : fileError(errno, what);
  }
  if (!S_ISREG(info.st_mode)) {
    return Error(ErrorCode::kFailedPrecondition, what + ": is no regular file");
  }
  if (::unlinkat(above.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
    return fileError(errno, what);
  }
  return ok();
}

Status LocalFileSystem::removeDirectory(const std::string& directory) {
  noteProgress();
  WEIR_TRY(auto local, localPath(directory));
  const std::string what = "delete " + local;
  const auto removed = [&]() -> Status {
    if (::rmdir(local.c_str()) == 0 || errno == ENOENT) {
      return ok();
    }
    if (errno == ENOTDIR) {
      return Error(ErrorCode::kFailedPrecondition, what + ": is no directory");
    }
    return fileError(errno, what);
  };
  Status first = removed();
  if (first || first.error().code() != ErrorCode::kFailedPrecondition) {
    return first;
  }
  const Stream stream = openDirectory(local);
  if (!stream) {
    return first;
  }
  const auto unfinished = unfinishedIn(stream.get(), [](std::string_view) { return true; });
  for (const std::string& name : unfinished) {
    ::unlinkat(::dirfd(stream.get()), name.c_str(), 0);
  }
  return unfinished.empty() ? first : removed();
}

Status LocalFileSystem::removeUnfinished(const std::string& directory, const IsOurs& is_ours) {
  noteProgress();
  WEIR_TRY(auto local, localPath(directory));
  const std::string what = "delete unfinished files in " + local;
  const Stream stream = openDirectory(local);
  if (!stream) {
    return errno == ENOENT ? ok() : fileError(errno, what);
  }
  for (const std::string& name : unfinishedIn(stream.get(), is_ours)) {
    if (::unlinkat(::dirfd(stream.get()), name.c_str(), 0) != 0 && errno != ENOENT) {
      return fileError(errno, what);
    }
  }
  return ok();
}

}  // namespace weir::fs
