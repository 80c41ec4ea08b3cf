#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

/// What can be done with one control group of version 2, named by its directory. It knows no
/// library of ours: the launcher uses it. Directories are removed with rmdir() only, which refuses
/// one that has a living process.
namespace weir::taskmanager {

/// Where a task manager that had to leave its group to share its memory out is itself, below the
/// group of its workers.
inline constexpr const char* kDaemonGroup = "daemon";

/// The content of a file of the kernel's, without the last newline; empty where it cannot be read.
std::string readGroupFile(const std::string& path);

/// Writes to such a file; errno when that did not work, else 0.
int writeGroupFile(const std::string& path, const std::string& text);

/// The calling process enters; errno when it may not, else 0.
int enterGroup(const std::string& group);

/// The living processes of the group and of the groups below it.
std::vector<pid_t> processesOfGroup(const std::string& group);

/// SIGKILL to all of them at once (cgroup.kill), or to one after the other where the kernel is
/// older than that file.
void killGroup(const std::string& group);

/// Removes the groups below this one, and this one; false while something lives in one of them.
bool removeGroup(const std::string& group);

/// For the group of a task manager that has ended, or that is ending: kills what its workers have
/// started and removes all groups, for `passes` looks 50 ms apart at most; returns whether nothing
/// is left. A process that is in the task manager's own part leaves it, as far as it may.
bool sweepGroup(const std::string& group, int passes);

}  // namespace weir::taskmanager
