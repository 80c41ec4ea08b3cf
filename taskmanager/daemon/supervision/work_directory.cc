#include "taskmanager/daemon/supervision/work_directory.h"

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

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

std::vector<std::string> removeLeftovers(const std::string& tmp) {
  std::vector<std::string> removed;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(tmp, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (name.starts_with(kPrefix) && isLeftover(entry->path().string())) {
      std::error_code ignored;
      std::filesystem::remove_all(entry->path(), ignored);
      removed.push_back(std::move(name));
    }
  }
  return removed;
}

}  // namespace weir::taskmanager
