#include "jobmanager/blob/blob_directory.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fs/uri.h"

namespace weir::blob {

namespace {

constexpr std::string_view kPrefix = "weir-jobmanager-blobs-";
constexpr std::size_t kSuffixLetters = 12;

std::string lockOf(const std::string& directory) { return fs::join(directory, "lock"); }

/// A lock that is held is on a file that still has its name: else somebody deleted it meanwhile.
bool lockIt(int file) {
  struct stat info{};
  return ::flock(file, LOCK_EX | LOCK_NB) == 0 && ::fstat(file, &info) == 0 && info.st_nlink > 0;
}

bool isOurName(std::string_view name) {
  return name.size() == kPrefix.size() + kSuffixLetters && name.starts_with(kPrefix) &&
         name.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string_view::npos;
}

/// Deletes `directory` if it is ours and nobody holds its lock.
bool removeIfLeft(const std::string& directory) {
  struct stat info{};
  if (::lstat(directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) ||
      info.st_uid != ::geteuid()) {
    return false;
  }
  const int lock = ::open(lockOf(directory).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (lock < 0) {
    return errno == ENOENT && ::rmdir(directory.c_str()) == 0;
  }
  bool removed = false;
  if (lockIt(lock)) {
    std::error_code error;
    std::filesystem::remove_all(directory, error);
    removed = !error;
  }
  ::close(lock);
  return removed;
}

}  // namespace

Result<std::unique_ptr<BlobDirectory>> BlobDirectory::create(const std::string& parent,
                                                             Random& random) {
  std::string path;
  for (int attempt = 0; attempt < 3; ++attempt) {
    path = fs::join(parent, std::string(kPrefix) + random.hex(kSuffixLetters));
    if (::mkdir(path.c_str(), 0700) != 0) {
      if (errno == EEXIST) {
        continue;
      }
      return systemError(errno, "create directory " + path);
    }
    // Who sweeps may have deleted it already, or have the lock: then another name.
    const int lock =
        ::open(lockOf(path).c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock >= 0 && lockIt(lock)) {
      return std::unique_ptr<BlobDirectory>(new BlobDirectory(std::move(path), lock));
    }
    if (lock >= 0) {
      ::close(lock);
    } else if (errno != ENOENT) {
      return systemError(errno, "create lock file in " + path);
    }
  }
  return Error(ErrorCode::kIo, "directory " + path + " cannot be locked");
}

Status BlobDirectory::restore() {
  const std::lock_guard guard(mutex_);
  struct stat held{};
  struct stat named{};
  if (::fstat(lock_, &held) == 0 && ::lstat(lockOf(path_).c_str(), &named) == 0 &&
      held.st_dev == named.st_dev && held.st_ino == named.st_ino) {
    return ok();
  }
  if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) {
    return systemError(errno, "create directory " + path_ + " again");
  }
  struct stat info{};
  if (::lstat(path_.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != ::geteuid() ||
      (info.st_mode & 0077U) != 0) {
    return Error(ErrorCode::kFailedPrecondition,
                 path_ + " was deleted and is no directory of the job manager's alone any more")
        .advise("remove it, and let nothing delete files in blob.storage.directory");
  }
  const int lock = ::open(lockOf(path_).c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) {
    return systemError(errno, "create lock file in " + path_);
  }
  if (!lockIt(lock)) {
    ::close(lock);
    return Error(ErrorCode::kUnavailable, "directory " + path_ + " cannot be locked");
  }
  ::close(std::exchange(lock_, lock));
  return ok();
}

BlobDirectory::~BlobDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
  ::close(lock_);
}

std::vector<std::string> removeLeftovers(const std::string& parent) {
  std::vector<std::string> removed;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(parent, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (isOurName(name) && removeIfLeft(entry->path().string())) {
      removed.push_back(std::move(name));
    }
  }
  std::ranges::sort(removed);
  return removed;
}

}  // namespace weir::blob
