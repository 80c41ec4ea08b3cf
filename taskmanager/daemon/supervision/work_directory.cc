#include "taskmanager/daemon/supervision/work_directory.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <functional>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "taskmanager/daemon/supervision/process_table.h"

namespace weir::taskmanager {

namespace {

constexpr const char* kPrefix = "weir-tm-";
constexpr std::time_t kYoungSeconds = 60;

// A lock that is held is on a file that still has its name: else somebody deleted it meanwhile.
bool lockIt(const UniqueFd& file) {
  struct stat info{};
  return ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(file.get(), &info) == 0 &&
         info.st_nlink > 0;
}

bool isLeftover(const std::string& directory) {
  struct stat info{};
  if (::lstat(directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) ||
      info.st_uid != ::geteuid()) {
    return false;
  }
  const UniqueFd lock(::open((directory + "/lock").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!lock) {
    return errno == ENOENT && std::time(nullptr) - info.st_mtime > kYoungSeconds;
  }
  return lockIt(lock);
}

}  // namespace

Result<std::unique_ptr<WorkDirectory>> WorkDirectory::create(const std::string& tmp,
                                                             const TaskManagerId& id) {
  std::error_code error;
  std::filesystem::create_directories(tmp, error);
  if (error) {
    return systemError(error.value(), "create directory " + tmp);
  }
  std::string path = tmp + "/" + kPrefix + id.hex();
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
      return systemError(errno, "create directory " + path);
    }
    UniqueFd lock(::open((path + "/lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    if (lock && lockIt(lock)) {
      return std::unique_ptr<WorkDirectory>(new WorkDirectory(std::move(path), std::move(lock)));
    }
  }
  return Error(ErrorCode::kIo, "directory " + path + " cannot be locked");
}

WorkDirectory::WorkDirectory(std::string path, UniqueFd lock)
    : path_(std::move(path)), lock_(std::move(lock)) {}

WorkDirectory::~WorkDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string WorkDirectory::ofAttempt(const runtime::ExecutionId& execution) const {
  return path_ + "/job-" + execution.job.hex() + "-" + std::to_string(execution.attempt.value());
}

std::string WorkDirectory::name() const { return std::filesystem::path(path_).filename(); }

Status WorkDirectory::restore() {
  const std::string advice = "set taskmanager.tmp.dirs to a directory that can be written";
  const auto failed = [&](int error, const std::string& what) {
    return Error(ErrorCode::kIo, systemError(error, what).message()).advise(advice);
  };
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), error);
  if (error) {
    return failed(error.value(), "create the parent of " + path_);
  }
  if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) {
    return failed(errno, "create directory " + path_);
  }
  struct stat held{};
  struct stat named{};
  const std::string lock_path = path_ + "/lock";
  if (::stat(lock_path.c_str(), &named) != 0 || ::fstat(lock_.get(), &held) != 0 ||
      named.st_ino != held.st_ino) {
    UniqueFd lock(::open(lock_path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock || !lockIt(lock)) {
      return failed(errno, "lock " + lock_path);
    }
    lock_ = std::move(lock);
  }
  if (::access(path_.c_str(), W_OK | X_OK) != 0) {
    return failed(errno, "write in " + path_);
  }
  return ok();
}

void keepDirectory(const std::string& directory, const std::string& kept, std::size_t most) {
  std::error_code ignored;
  std::filesystem::remove_all(directory + "/state", ignored);
  std::filesystem::remove_all(kept, ignored);
  std::filesystem::rename(directory, kept, ignored);
  std::vector<std::filesystem::path> all;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(std::filesystem::path(kept).parent_path(), error),
       end;
       !error && entry != end;
       entry.increment(error)) {
    struct stat info{};
    if (entry->path().filename().string().starts_with(kFailedPrefix) &&
        ::lstat(entry->path().c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
        info.st_uid == ::geteuid()) {
      all.push_back(entry->path());
    }
  }
  const auto age = [](const std::filesystem::path& path) {
    std::error_code gone;
    return std::filesystem::last_write_time(path, gone);
  };
  std::ranges::sort(all, std::ranges::greater(), age);
  for (std::size_t i = most; i < all.size(); ++i) {
    std::filesystem::remove_all(all[i], ignored);
  }
}

std::vector<std::string> removeLeftovers(const std::string& tmp) {
  std::vector<std::string> removed;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(tmp, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (name.starts_with(kPrefix) && isLeftover(entry->path().string())) {
      constexpr int kMostPasses = 100;
      sweepProcesses(name, kMostPasses);
      std::error_code ignored;
      std::filesystem::remove_all(entry->path(), ignored);
      removed.push_back(std::move(name));
    }
  }
  return removed;
}

}  // namespace weir::taskmanager
