#include "common/daemon/owned_directory.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/daemon/named_lock.h"

namespace weir::daemon {
namespace {

constexpr std::chrono::seconds kPatience{3};    // Of a new directory whose lock another holds.
constexpr std::chrono::milliseconds kPause{2};  // A sweep holds the lock of what is new for less.

std::string lockOf(const std::string& directory) { return directory + "/lock"; }

UniqueFd openLockFile(const std::string& directory) {
  return UniqueFd(
      ::open(lockOf(directory).c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600));
}

/// Deletes `directory` if it is our user's and its process does not live.
bool removeIfLeft(const std::string& directory, const std::function<void()>& before) {
  const UniqueFd itself = openDirectory(directory);
  struct stat info{};
  if (!itself || ::fstat(itself.get(), &info) != 0 || info.st_uid != ::geteuid() ||
      !lockNamed(itself, directory)) {
    return false;
  }
  const UniqueFd lock(::open(lockOf(directory).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (lock ? !lockNamed(lock, lockOf(directory)) : errno != ENOENT) {
    return false;
  }
  if (!lock && (info.st_mode & 0077U) != 0) {
    return ::rmdir(directory.c_str()) == 0;  // Nothing says that it is ours.
  }
  if (before) {
    before();
  }
  std::error_code error;
  std::filesystem::remove_all(directory, error);
  return !error;
}

}  // namespace

Result<OwnedDirectory::Locks> OwnedDirectory::make(const std::string& path) {
  // Who sweeps at this moment may have locked or deleted it before we lock it.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;; std::this_thread::sleep_for(kPause)) {
    if (std::chrono::steady_clock::now() > deadline) {
      return Error(ErrorCode::kUnavailable, "directory " + path + " is locked by another process")
          .advise("end the process that holds a lock on it or on the file lock in it");
    }
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
      return systemError(errno, "create directory " + path);
    }
    Locks locks{.directory = openDirectory(path), .file = {}};
    struct stat info{};
    if (!locks.directory && errno == ENOENT) {
      continue;
    }
    if (!locks.directory || ::fstat(locks.directory.get(), &info) != 0 ||
        info.st_uid != ::geteuid() || (info.st_mode & 0077U) != 0) {
      return Error(ErrorCode::kFailedPrecondition, path + " is no directory of our user's alone")
          .advise("remove it, or let nothing else write to the directory that it is in");
    }
    locks.file = openLockFile(path);
    if (!locks.file && errno != ENOENT) {
      return systemError(errno, "create lock file in " + path);
    }
    if (locks.file && lockNamed(locks.directory, path) && lockNamed(locks.file, lockOf(path))) {
      return locks;
    }
  }
}

Result<std::unique_ptr<OwnedDirectory>> OwnedDirectory::create(const std::string& parent,
                                                               std::string_view prefix,
                                                               std::string_view hex) {
  std::string path = parent + "/" + std::string(prefix) + std::string(hex);
  WEIR_TRY(auto locks, make(path));
  return std::unique_ptr<OwnedDirectory>(new OwnedDirectory(std::move(path), std::move(locks)));
}

Status OwnedDirectory::restore() {
  const std::lock_guard guard(mutex_);
  if (hasItsName(locks_.directory, path_) && hasItsName(locks_.file, lockOf(path_))) {
    return ok();
  }
  if (hasItsName(locks_.directory, path_)) {
    UniqueFd lock = openLockFile(path_);
    if (!lock) {
      return systemError(errno, "create lock file in " + path_);
    }
    if (!lockNamed(lock, lockOf(path_))) {
      return Error(ErrorCode::kUnavailable, "directory " + path_ + " cannot be locked");
    }
    locks_.file = std::move(lock);
    return ok();
  }
  WEIR_TRY(auto locks, make(path_));
  locks_ = std::move(locks);
  return ok();
}

OwnedDirectory::~OwnedDirectory() {
  if (hasItsName(locks_.directory, path_)) {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
}

bool isOwnedName(std::string_view name, std::string_view prefix, std::size_t letters) {
  return name.size() == prefix.size() + letters && name.starts_with(prefix) &&
         name.find_first_not_of("0123456789abcdef", prefix.size()) == std::string_view::npos;
}

std::vector<std::string> removeLeftovers(
    const std::string& parent,
    std::string_view prefix,
    std::size_t letters,
    const std::function<void(const std::string& name)>& before) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(parent, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (isOwnedName(name, prefix, letters)) {
      names.push_back(std::move(name));
    }
  }
  std::erase_if(names, [&](const std::string& name) {
    return !removeIfLeft(parent + "/" + name, [&] {
      if (before) {
        before(name);
      }
    });
  });
  std::ranges::sort(names);
  return names;
}

}  // namespace weir::daemon
