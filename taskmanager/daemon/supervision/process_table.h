#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "common/base/program_environment.h"

namespace weir::taskmanager {

/// One process, as /proc shows it.
struct ProcessInfo {
  pid_t pid = 0;
  pid_t parent = 0;
  char state = '?';            ///< 'Z': it has ended, and nobody has reaped it yet.
  std::uint64_t started = 0;   ///< In ticks since boot: with the pid it names a process for good.
  std::uint64_t resident = 0;  ///< Bytes of memory.
};

/// The processes of the machine at one moment. It knows no library of ours: the launcher uses it.
class ProcessTable {
 public:
  /// Reads /proc. What comes and goes meanwhile may be missing.
  static ProcessTable read();

  const std::vector<ProcessInfo>& all() const { return processes_; }
  /// Nullptr when there is none.
  const ProcessInfo* find(pid_t pid) const;
  /// `root`, if it lives, and everything that descends from it, parents first.
  std::vector<ProcessInfo> treeOf(pid_t root) const;

 private:
  std::vector<ProcessInfo> processes_;
};

/// The beginning of a file that the kernel makes when it is read, up to `most` bytes or a little
/// more; empty when it may not be read.
std::string readKernelFile(const std::string& path, std::size_t most);

/// Whether the environment with which a process began to run its program has the variable `name`
/// with `part` in its value. False also where it may not be read.
bool environmentHas(pid_t pid, std::string_view name, std::string_view part);

/// Names the directory of the attempt in the environment of a worker and of all it starts.
inline constexpr const char* kWorkerMark = program_environment::kWorkerDirectory;

/// Memory that only this process uses and its share of what it shares, in bytes; 0 when unknown.
std::uint64_t proportionalBytes(pid_t pid);

/// Kills every process of our user that a worker of the task manager with this directory name
/// ("weir-tm-<id>") has started, again and again until none is left, for `passes` looks 50 ms apart
/// at most; returns how many.
int sweepProcesses(const std::string& directory_name, int passes);

}  // namespace weir::taskmanager
