#pragma once

#include <string>

#include "common/base/result.h"
#include "common/base/unique_fd.h"

namespace weir::taskmanager {

/// Starts a process beside this one that waits until the returned descriptor is closed, by whatever
/// end of this process, and then kills what workers below the directory `directory_name`
/// ("weir-tm-<id>") have started and what has outlived them: what is in the control group `group`,
/// which it removes, unless that is empty, and what has the directory in its environment. It is not
/// a child of ours once this has returned. Call it before the process becomes a subreaper.
Result<UniqueFd> startSweeper(const std::string& launcher,
                              const std::string& directory_name,
                              const std::string& group = "");

}  // namespace weir::taskmanager
