#include "taskmanager/daemon/supervision/worker_cgroups.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/daemon/named_lock.h"
#include "common/telemetry/log.h"
#include "taskmanager/daemon/supervision/cgroup.h"
#include "taskmanager/daemon/supervision/work_directory.h"

namespace weir::taskmanager {

namespace {

constexpr std::string_view kGroupPrefix = "weir-taskmanager-";

struct Mount {
  std::string root;   // Of the file system, as far as it can be seen here.
  std::string point;  // Where that is.
};

/// The kernel writes blanks, tabs, newlines and backslashes of a path as three octal digits.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 3 < text.size()) {
      plain.push_back(
          static_cast<char>(std::strtol(std::string(text.substr(at + 1, 3)).c_str(), nullptr, 8)));
      at += 3;
    } else {
      plain.push_back(text[at]);
    }
  }
  return plain;
}

/// `31 23 0:28 ROOT POINT rw,relatime shared:9 - cgroup2 cgroup2 rw`; the last one lies on top.
Result<Mount> findMount(const std::string& mounts) {
  std::istringstream lines(readGroupFile(mounts));
  Mount found;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" - cgroup2 ") == std::string::npos) {
      continue;
    }
    std::istringstream fields(line);
    std::string skipped;
    std::string root;
    std::string point;
    fields >> skipped >> skipped >> skipped >> root >> point;
    found = {unescape(root), unescape(point)};
  }
  if (found.point.empty()) {
    return Error(ErrorCode::kNotFound, "no file system of control groups version 2 is mounted");
  }
  return found;
}

std::string parentOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

bool hasWord(const std::string& text, std::string_view word) {
  std::istringstream words(text);
  for (std::string one; words >> one;) {
    if (one == word) {
      return true;
    }
  }
  return false;
}

/// What open() makes: other groups with such a beginning are somebody else's.
bool isGroupName(std::string_view name) {
  return name.starts_with(kGroupPrefix) && isWorkDirectoryName(name.substr(kGroupPrefix.size()));
}

/// Those of ours, in `own`, whose task manager does not live any more.
std::vector<std::string> sweepDead(const std::string& own, int looks) {
  std::vector<std::string> swept;
  std::error_code error;
  std::vector<std::string> candidates;
  for (std::filesystem::directory_iterator entry(own, error), end; !error && entry != end;
       entry.increment(error)) {
    if (isGroupName(entry->path().filename().string())) {
      candidates.push_back(entry->path().string());
    }
  }
  for (std::string& path : candidates) {
    struct stat info{};
    const UniqueFd lock = daemon::openDirectory(path);
    if (lock && ::fstat(lock.get(), &info) == 0 && info.st_uid == ::geteuid() &&
        daemon::lockNamed(lock, path) && sweepGroup(path, looks)) {
      swept.push_back(std::move(path));
    }
  }
  return swept;
}

/// Whether a process of ours may go from `own` to `group`: it needs to write both files.
Status checkDelegated(const std::string& own, const std::string& group) {
  for (const std::string& file : {own + "/cgroup.procs", group + "/cgroup.procs"}) {
    if (::access(file.c_str(), W_OK) != 0) {
      return systemError(errno, "write " + file);
    }
  }
  if (const std::string type = readGroupFile(group + "/cgroup.type");
      !type.empty() && type != "domain") {
    return Error(ErrorCode::kFailedPrecondition, "group " + group + " is " + type);
  }
  return ok();
}

}  // namespace

Result<std::string> findOwnCgroup(const CgroupSource& source) {
  WEIR_TRY(const Mount mount, findMount(source.mounts));
  std::istringstream lines(readGroupFile(source.own_group));
  std::string own;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::/")) {
      own = line.substr(3);
    }
  }
  if (own.empty()) {
    return Error(ErrorCode::kNotFound, source.own_group + " names no group of version 2");
  }
  const std::string root = mount.root == "/" ? "" : mount.root;
  const bool below = own == root || own.starts_with(root + "/");
  if (!below || own.find("/..") != std::string::npos) {
    return Error(ErrorCode::kNotFound,
                 "our group " + own + " is outside of what is mounted at " + mount.point);
  }
  std::string path = mount.point + own.substr(root.size());
  while (path.ends_with('/')) {
    path.pop_back();
  }
  return path;
}

WorkerCgroup::~WorkerCgroup() {
  if (removeGroup(path_)) {
    return;
  }
  kill();
  if (!removeGroup(path_)) {
    dying_.push_back(path_);
  }
}

std::vector<pid_t> WorkerCgroup::processes() const { return processesOfGroup(path_); }

void WorkerCgroup::kill() const { killGroup(path_); }

Status WorkerCgroup::limitMemory(std::uint64_t bytes) {
  if (const int error = writeGroupFile(path_ + "/memory.max", std::to_string(bytes)); error != 0) {
    return systemError(error, "limit memory by " + path_ + "/memory.max");
  }
  writeGroupFile(path_ + "/memory.oom.group", "1");  // Kernels before 4.19 kill one of them.
  limits_memory_ = true;
  return ok();
}

std::uint64_t WorkerCgroup::outOfMemoryKills() const {
  std::istringstream lines(readGroupFile(path_ + "/memory.events"));
  std::string name;
  std::uint64_t count = 0;
  while (lines >> name >> count) {
    if (name == "oom_kill") {
      return count;
    }
  }
  return 0;
}

Result<std::unique_ptr<WorkerCgroups>> WorkerCgroups::open(const std::string& name,
                                                           const CgroupSource& source) {
  WEIR_TRY(const std::string own, findOwnCgroup(source));
  std::vector<std::string> swept = sweepDead(own, source.looks);
  std::string path = own + "/" + std::string(kGroupPrefix) + name;
  constexpr int kMostAttempts = 3;  // Another that starts may take a new one for a leftover.
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
      return systemError(errno, "make group " + path);
    }
    UniqueFd lock = daemon::openDirectory(path);
    if (!lock || !daemon::lockNamed(lock, path)) {
      continue;
    }
    if (Status delegated = checkDelegated(own, path); !delegated) {
      ::rmdir(path.c_str());
      return std::move(delegated).error();
    }
    std::unique_ptr<WorkerCgroups> groups(
        new WorkerCgroups(std::move(path), std::move(lock), source.looks));
    groups->swept_ = std::move(swept);
    groups->why_no_limits_ = groups->shareMemory();
    return groups;
  }
  return Error(ErrorCode::kIo, "group " + path + " cannot be locked");
}

WorkerCgroups::WorkerCgroups(std::string path, UniqueFd lock, int looks)
    : path_(std::move(path)), own_(parentOf(path_)), lock_(std::move(lock)), looks_(looks) {}

WorkerCgroups::~WorkerCgroups() {
  // The sweeper may be where we were: it removes then what we cannot.
  if (!sweepGroup(path_, moved_ ? 1 : looks_) && !moved_) {
    log::warn("the group of workers is left, as something in it does not end", {{"group", path_}});
  }
}

std::string WorkerCgroups::shareMemory() {
  if (!hasWord(readGroupFile(own_ + "/cgroup.controllers"), "memory")) {
    return "group " + own_ + " has no memory controller";
  }
  const std::string above = own_ + "/cgroup.subtree_control";
  if (!hasWord(readGroupFile(above), "memory")) {
    int error = writeGroupFile(above, "+memory");
    if (error == EBUSY) {
      if (std::string why = moveAside(); !why.empty()) {
        return why;
      }
      error = writeGroupFile(above, "+memory");
    }
    if (error != 0) {
      moveBack();
      return systemError(error, "write +memory to " + above).message();
    }
  }
  const std::string ours = path_ + "/cgroup.subtree_control";
  const int error = writeGroupFile(ours, "+memory");
  return error == 0 ? "" : systemError(error, "write +memory to " + ours).message();
}

/// A group that shares memory out may hold no process itself. Others than us are not moved.
std::string WorkerCgroups::moveAside() {
  const std::string processes = readGroupFile(own_ + "/cgroup.procs");
  if (processes != std::to_string(::getpid())) {
    return "group " + own_ + " holds other processes than this one";
  }
  const std::string aside = path_ + "/" + kDaemonGroup;
  if (::mkdir(aside.c_str(), 0755) != 0 && errno != EEXIST) {
    return systemError(errno, "make group " + aside).message();
  }
  if (const int error = enterGroup(aside); error != 0) {
    ::rmdir(aside.c_str());
    return systemError(error, "enter group " + aside).message();
  }
  moved_ = true;
  return "";
}

void WorkerCgroups::moveBack() {
  if (moved_ && enterGroup(own_) == 0) {
    ::rmdir((path_ + "/" + kDaemonGroup).c_str());
    moved_ = false;
  }
}

Result<std::unique_ptr<WorkerCgroup>> WorkerCgroups::make(const runtime::ExecutionId& execution,
                                                          std::uint64_t memory) {
  const std::string path =
      path_ + "/job-" + execution.job.hex() + "-" + std::to_string(execution.attempt.value());
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
    return systemError(errno, "make group " + path);
  }
  std::erase(dying_, path);
  auto group = std::make_unique<WorkerCgroup>(path, dying_);
  if (limitsMemory() && memory > 0) {
    WEIR_RETURN_IF_ERROR(group->limitMemory(memory));
  }
  return group;
}

void WorkerCgroups::removeDead() {
  std::erase_if(dying_, [](const std::string& path) {
    killGroup(path);
    return removeGroup(path);
  });
}

}  // namespace weir::taskmanager
