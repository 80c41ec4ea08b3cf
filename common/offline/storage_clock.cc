#include "common/offline/storage_clock.h"

#include "common/fs/uri.h"

namespace weir::offline {
namespace {

/// One name for all, so that whoever was killed here leaves no more than the next one takes away.
constexpr const char* kClockFile = "fsck-clock";

Result<std::int64_t> dateOfNewFile(fs::FileSystem& files, const std::string& path) {
  WEIR_RETURN_IF_ERROR(files.remove(path));
  const Status written = fs::writeAll(files, path, "Shows what time it is here; may go.\n");
  // Another one has just made it, which is as good.
  if (!written && written.error().code() != ErrorCode::kFailedPrecondition) {
    return written.error();
  }
  WEIR_TRY(const fs::FileInfo info, files.stat(path));
  WEIR_RETURN_IF_ERROR(files.remove(path));
  return info.modified_millis;
}

}  // namespace

Result<std::int64_t> storageMillis(fs::FileSystem& files, const std::string& directory) {
  return dateOfNewFile(files, fs::join(directory, kClockFile))
      .during("find out what time it is in '" + directory + "'");
}

}  // namespace weir::offline
