#include "taskmanager/daemon/supervision/process_table.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace weir::taskmanager {

namespace {

std::string pathOf(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

bool readProcess(pid_t pid, ProcessInfo& info) {
  constexpr std::size_t kMostStatBytes = 4096;
  const std::string stat = readKernelFile(pathOf(pid, "stat"), kMostStatBytes);
  const std::size_t name_end = stat.rfind(')');  // The name may hold blanks and brackets.
  if (name_end == std::string::npos) {
    return false;
  }
  unsigned long long started = 0;
  long pages = 0;
  const int fields =
      std::sscanf(stat.c_str() + name_end + 1,
                  " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu "
                  "%*u %ld",
                  &info.state,
                  &info.parent,
                  &started,
                  &pages);
  info.pid = pid;
  info.started = started;
  info.resident = static_cast<std::uint64_t>(std::max(0L, pages)) *
                  static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return fields == 4;
}

bool isOurs(pid_t pid) {
  struct stat info{};
  return ::stat(("/proc/" + std::to_string(pid)).c_str(), &info) == 0 && info.st_uid == ::geteuid();
}

}  // namespace

std::string readKernelFile(const std::string& path, std::size_t most) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return "";
  }
  std::string text;
  std::array<char, 4096> bytes;
  ssize_t got = 0;
  while (text.size() < most && (got = ::read(fd, bytes.data(), bytes.size())) > 0) {
    text.append(bytes.data(), static_cast<std::size_t>(got));
  }
  ::close(fd);
  return text;
}

ProcessTable ProcessTable::read() {
  ProcessTable table;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc"), ::closedir);
  if (directory == nullptr) {
    return table;
  }
  while (const dirent* entry = ::readdir(directory.get())) {
    ProcessInfo info;
    if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) != 0 &&
        readProcess(static_cast<pid_t>(std::atoi(entry->d_name)), info)) {
      table.processes_.push_back(info);
    }
  }
  return table;
}

const ProcessInfo* ProcessTable::find(pid_t pid) const {
  const auto found = std::ranges::find(processes_, pid, &ProcessInfo::pid);
  return found == processes_.end() ? nullptr : &*found;
}

std::vector<ProcessInfo> ProcessTable::treeOf(pid_t root) const {
  std::vector<ProcessInfo> tree;
  if (const ProcessInfo* first = find(root)) {
    tree.push_back(*first);
  }
  for (std::size_t next = 0; next < tree.size(); ++next) {
    for (const ProcessInfo& one : processes_) {
      if (one.parent == tree[next].pid && one.pid != one.parent) {
        tree.push_back(one);
      }
    }
  }
  return tree;
}

bool environmentHas(pid_t pid, std::string_view name, std::string_view part) {
  constexpr std::size_t kMostBytes = 4 << 20;
  const std::string all = readKernelFile(pathOf(pid, "environ"), kMostBytes);
  for (std::size_t at = 0; at < all.size();) {
    const std::string_view entry(all.data() + at);
    if (entry.starts_with(name) && entry.substr(name.size()).starts_with('=') &&
        entry.find(part, name.size()) != std::string_view::npos) {
      return true;
    }
    at += entry.size() + 1;
  }
  return false;
}

std::uint64_t proportionalBytes(pid_t pid) {
  constexpr std::size_t kMostBytes = 64 * 1024;
  const std::string rollup = readKernelFile(pathOf(pid, "smaps_rollup"), kMostBytes);
  const std::size_t at = rollup.find("\nPss:");
  return at == std::string::npos
             ? 0
             : std::strtoull(rollup.c_str() + at + std::strlen("\nPss:"), nullptr, 10) * 1024;
}

int sweepProcesses(const std::string& directory_name, int passes) {
  constexpr int kQuiet = 3;  // Empty looks before the end: one may have been forking.
  constexpr timespec kPause{0, 50'000'000};
  const std::string part = "/" + directory_name + "/";
  std::vector<std::pair<pid_t, std::uint64_t>> killed;
  for (int quiet = 0; passes > 0 && quiet < kQuiet; --passes, ++quiet) {
    const ProcessTable table = ProcessTable::read();  // Outlives the loop over what it holds.
    for (const ProcessInfo& one : table.all()) {
      if (one.state == 'Z' || one.pid == ::getpid() || !isOurs(one.pid) ||
          !environmentHas(one.pid, kWorkerMark, part)) {
        continue;
      }
      ::kill(one.pid, SIGKILL);
      quiet = 0;
      if (const std::pair key(one.pid, one.started);
          std::ranges::find(killed, key) == killed.end()) {
        killed.push_back(key);
      }
    }
    ::nanosleep(&kPause, nullptr);
  }
  return static_cast<int>(killed.size());
}

}  // namespace weir::taskmanager
