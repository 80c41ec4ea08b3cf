#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "common/base/result.h"
#include "common/base/unique_fd.h"
#include "common/runtime/job_state.h"

namespace weir::taskmanager {

/// Where the kernel tells of control groups.
struct CgroupSource {
  std::string mounts = "/proc/self/mountinfo";
  std::string own_group = "/proc/self/cgroup";
  int looks = 40;  ///< 50 ms apart: how long a group that was killed is waited for.
};

/// The control group of one worker and of all that it starts.
///
/// Destroyed, it kills what lives in it and goes as soon as that is dead: its WorkerCgroups looks
/// after that. Threads: the loop's.
class WorkerCgroup {
 public:
  /// What is not dead when this goes is left to the list `dying`, which outlives it.
  WorkerCgroup(std::string path, std::vector<std::string>& dying)
      : path_(std::move(path)), dying_(dying) {}
  ~WorkerCgroup();
  WorkerCgroup(const WorkerCgroup&) = delete;
  WorkerCgroup& operator=(const WorkerCgroup&) = delete;

  const std::string& path() const { return path_; }
  std::vector<pid_t> processes() const;
  /// The kernel kills all of them when they need more; the error names the file.
  Status limitMemory(std::uint64_t bytes);
  bool limitsMemory() const { return limits_memory_; }
  /// SIGKILL to all of them.
  void kill() const;
  /// How many processes of it the kernel has killed for want of memory.
  std::uint64_t outOfMemoryKills() const;

 private:
  const std::string path_;
  bool limits_memory_ = false;
  std::vector<std::string>& dying_;  // Of the WorkerCgroups that made it.
};

/// The control groups (version 2) of one task manager's workers, below the group that it is in
/// itself: `<own>/weir-taskmanager-<name>/job-<id>-<attempt>`.
///
/// Where the memory controller can be shared out, a group has a limit of memory that the kernel
/// keeps; where the task manager alone stands in the way of that it moves to
/// `weir-taskmanager-<name>/daemon`. A lock is held on the directory: what a task manager that was
/// killed left behind is recognised by its lock, which nobody holds. Lives as long as the task
/// manager; kills and removes at the end what is left. Threads: the loop's, or before it runs.
class WorkerCgroups {
 public:
  /// Makes the group and removes those whose task manager does not live any more. The error says
  /// why that is not possible here: nothing is delegated to us.
  static Result<std::unique_ptr<WorkerCgroups>> open(const std::string& name,
                                                     const CgroupSource& source = {});
  ~WorkerCgroups();
  WorkerCgroups(const WorkerCgroups&) = delete;
  WorkerCgroups& operator=(const WorkerCgroups&) = delete;

  const std::string& path() const { return path_; }
  /// Whether the kernel keeps limits of memory; else whyNoLimits() says why it does not.
  bool limitsMemory() const { return why_no_limits_.empty(); }
  const std::string& whyNoLimits() const { return why_no_limits_; }
  /// The groups of dead task managers that open() has removed.
  const std::vector<std::string>& swept() const { return swept_; }

  /// Makes the group of an attempt; `memory`, in bytes, is its limit where limits are kept, 0:
  /// none.
  Result<std::unique_ptr<WorkerCgroup>> make(const runtime::ExecutionId& execution,
                                             std::uint64_t memory);
  /// Removes groups of workers that had not died yet when their WorkerCgroup went.
  void removeDead();

 private:
  WorkerCgroups(std::string path, UniqueFd lock, int looks);
  std::string shareMemory();  // Why it cannot be shared out, or nothing.
  std::string moveAside();
  void moveBack();

  const std::string path_;
  const std::string own_;  // The group that we were in.
  UniqueFd lock_;
  const int looks_;
  bool moved_ = false;
  std::string why_no_limits_;
  std::vector<std::string> swept_;
  std::vector<std::string> dying_;
};

/// The directory of our own control group, or why there is none.
Result<std::string> findOwnCgroup(const CgroupSource& source);

}  // namespace weir::taskmanager
