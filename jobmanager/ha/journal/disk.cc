#include "jobmanager/ha/journal/disk.h"

#include <cerrno>

#include <unistd.h>

#include "common/fs/local_entries.h"
#include "common/fs/progress.h"

namespace weir::ha {

Status Disk::write(int file,
                   std::uint64_t offset,
                   std::string_view bytes,
                   const std::string& path) {
  while (!bytes.empty()) {
    fs::noteProgress();
    const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return fs::fileError(written < 0 ? errno : ENOSPC, "write " + path);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return ok();
}

Status Disk::sync(int file, const std::string& path) {
  fs::noteProgress();
  return ::fdatasync(file) == 0 ? ok() : Status(fs::fileError(errno, "sync " + path));
}

Status Disk::truncate(int file, std::uint64_t size, const std::string& path) {
  fs::noteProgress();
  return ::ftruncate(file, static_cast<off_t>(size)) == 0
             ? ok()
             : Status(fs::fileError(errno, "shorten " + path));
}

}  // namespace weir::ha
