#pragma once

#include <string>

#include "common/base/result.h"

namespace weir::fs {

/// Gives a directory of this machine, made by the caller and whole by now, its name: atomically,
/// and durably once it is ok. Replaces an empty directory; kFailedPrecondition when there is
/// anything else. Object stores have nothing like it, so this is no part of FileSystem.
Status publishDirectory(const std::string& from, const std::string& to);

}  // namespace weir::fs
