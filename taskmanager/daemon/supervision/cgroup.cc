#include "taskmanager/daemon/supervision/cgroup.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "taskmanager/daemon/supervision/process_table.h"

namespace weir::taskmanager {

namespace {

constexpr int kMostDepth = 32;  // Of groups below each other; the kernel may allow more.
constexpr timespec kPause{0, 50'000'000};

std::vector<std::string> groupsIn(const std::string& group) {
  std::vector<std::string> groups;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(group.c_str()), ::closedir);
  while (directory != nullptr) {
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) {
      break;
    }
    const std::string name = entry->d_name;
    struct stat info{};
    const std::string path = group + "/" + name;
    if (name != "." && name != ".." && ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
      groups.push_back(path);
    }
  }
  return groups;
}

void addProcesses(const std::string& group, int depth, std::vector<pid_t>& to) {
  const std::string text = readGroupFile(group + "/cgroup.procs");
  for (std::size_t at = 0; at < text.size();) {
    if (const int pid = std::atoi(text.c_str() + at); pid > 0) {
      to.push_back(pid);
    }
    const std::size_t end = text.find('\n', at);
    at = end == std::string::npos ? text.size() : end + 1;
  }
  if (depth < kMostDepth) {
    for (const std::string& below : groupsIn(group)) {
      addProcesses(below, depth + 1, to);
    }
  }
}

bool remove(const std::string& group, int depth) {
  if (::rmdir(group.c_str()) == 0 || errno == ENOENT) {
    return true;
  }
  if (depth < kMostDepth) {
    for (const std::string& below : groupsIn(group)) {
      remove(below, depth + 1);
    }
  }
  return ::rmdir(group.c_str()) == 0 || errno == ENOENT;
}

/// A group that shares memory out holds no process itself: before ours may go back, that ends.
void leaveDaemonGroup(const std::string& group) {
  const std::string above = group.substr(0, group.rfind('/'));
  const std::string own = "/" + group.substr(group.rfind('/') + 1) + "/" + kDaemonGroup;
  if (readGroupFile("/proc/self/cgroup").ends_with(own)) {
    writeGroupFile(group + "/cgroup.subtree_control", "-memory");
    writeGroupFile(above + "/cgroup.subtree_control", "-memory");
    enterGroup(above);
  }
}

}  // namespace

std::string readGroupFile(const std::string& path) {
  constexpr std::size_t kMostBytes = 4 << 20;
  std::string text = readKernelFile(path, kMostBytes);
  if (text.ends_with('\n')) {
    text.pop_back();
  }
  return text;
}

int writeGroupFile(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) {
    return errno;
  }
  const int error = ::write(fd, text.data(), text.size()) < 0 ? errno : 0;
  ::close(fd);
  return error;
}

int enterGroup(const std::string& group) { return writeGroupFile(group + "/cgroup.procs", "0"); }

std::vector<pid_t> processesOfGroup(const std::string& group) {
  std::vector<pid_t> processes;
  addProcesses(group, 0, processes);
  return processes;
}

void killGroup(const std::string& group) {
  if (writeGroupFile(group + "/cgroup.kill", "1") == 0) {
    return;
  }
  constexpr int kMostLooks = 100;  // Whoever is killed may have had a child just then.
  for (int look = 0; look < kMostLooks; ++look) {
    const std::vector<pid_t> processes = processesOfGroup(group);
    for (const pid_t pid : processes) {
      ::kill(pid, SIGKILL);
    }
    if (processes.empty()) {
      return;
    }
  }
}

bool removeGroup(const std::string& group) { return remove(group, 0); }

bool sweepGroup(const std::string& group, int passes) {
  for (; passes > 0; --passes) {
    for (const std::string& below : groupsIn(group)) {
      if (!below.ends_with(std::string("/") + kDaemonGroup)) {
        killGroup(below);
      }
    }
    leaveDaemonGroup(group);
    if (removeGroup(group)) {
      return true;
    }
    ::nanosleep(&kPause, nullptr);
  }
  return false;
}

}  // namespace weir::taskmanager
