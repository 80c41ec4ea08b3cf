#pragma once

#include <string>

#include "common/base/unique_fd.h"

/// Locks on files and directories that show whether their process lives. Any thread.
namespace weir::daemon {

/// Empty, with errno, when `path` is no directory; a link is none.
UniqueFd openDirectory(const std::string& path);

/// Whether `held` is what has the name `path` now.
bool hasItsName(const UniqueFd& held, const std::string& path);

/// Locks what `held` is, for as long as it is open; false when another has the lock, or when `held`
/// has lost the name `path`: who deleted it may have made another one.
bool lockNamed(const UniqueFd& held, const std::string& path);

}  // namespace weir::daemon
