#include "taskmanager/daemon/supervision/work_directory.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "taskmanager/daemon/supervision/process_table.h"

namespace weir::taskmanager {

namespace {

constexpr std::string_view kPrefix = "weir-tm-";
constexpr std::string_view kKeptPrefix = "weir-failed-";
constexpr std::size_t kIdLetters = 32;
constexpr std::size_t kMostAttemptDigits = 20;

/// "weir-failed-<job>-<attempt>"
bool isKeptName(std::string_view name) {
  const std::size_t dash = kKeptPrefix.size() + kIdLetters;
  const std::string_view attempt = name.size() > dash ? name.substr(dash) : "";
  return daemon::isOwnedName(name.substr(0, dash), kKeptPrefix, kIdLetters) && attempt.size() > 1 &&
         attempt.size() <= 1 + kMostAttemptDigits && attempt[0] == '-' &&
         attempt.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

}  // namespace

Result<std::unique_ptr<WorkDirectory>> WorkDirectory::create(const std::string& tmp,
                                                             const TaskManagerId& id) {
  std::error_code error;
  std::filesystem::create_directories(tmp, error);
  if (error) {
    return systemError(error.value(), "create directory " + tmp);
  }
  WEIR_TRY(auto owned, daemon::OwnedDirectory::create(tmp, kPrefix, id.hex()));
  return std::unique_ptr<WorkDirectory>(new WorkDirectory(std::move(owned)));
}

std::string WorkDirectory::ofAttempt(const runtime::ExecutionId& execution) const {
  return path() + "/job-" + execution.job.hex() + "-" + std::to_string(execution.attempt.value());
}

std::string WorkDirectory::name() const { return std::filesystem::path(path()).filename(); }

Status WorkDirectory::restore() {
  const std::string advice = "set taskmanager.tmp.dirs to a directory that can be written";
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path()).parent_path(), error);
  if (error) {
    return Error(ErrorCode::kIo,
                 systemError(error.value(), "create the parent of " + path()).message())
        .advise(advice);
  }
  if (const Status restored = owned_->restore(); !restored) {
    return Error(ErrorCode::kIo, restored.error().message()).advise(advice);
  }
  if (::access(path().c_str(), W_OK | X_OK) != 0) {
    return Error(ErrorCode::kIo, systemError(errno, "write in " + path()).message()).advise(advice);
  }
  return ok();
}

bool isWorkDirectoryName(std::string_view name) {
  return daemon::isOwnedName(name, kPrefix, kIdLetters);
}

std::string keptName(const runtime::ExecutionId& execution) {
  return std::string(kKeptPrefix) + execution.job.hex() + "-" +
         std::to_string(execution.attempt.value());
}

void keepDirectory(const std::string& directory, const std::string& kept, std::size_t most) {
  std::error_code ignored;
  std::filesystem::remove_all(directory + "/state", ignored);
  std::filesystem::remove_all(kept, ignored);
  ::chmod(directory.c_str(), 0700);  // Until now it stood in a directory that nobody else entered.
  std::filesystem::rename(directory, kept, ignored);
  std::vector<std::filesystem::path> all;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(std::filesystem::path(kept).parent_path(), error),
       end;
       !error && entry != end;
       entry.increment(error)) {
    struct stat info{};
    if (isKeptName(entry->path().filename().string()) &&
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
  constexpr int kMostPasses = 100;
  return daemon::removeLeftovers(
      tmp, kPrefix, kIdLetters, [](const std::string& name) { sweepProcesses(name, kMostPasses); });
}

}  // namespace weir::taskmanager
