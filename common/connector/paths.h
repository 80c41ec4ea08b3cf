#pragma once

#include <string>

#include "common/base/result.h"

namespace weir::connector {

/// The path that a program names for a source or sink, as it is checked when its graph is built: a
/// local one, or "scheme://authority/dir", with "//", "." and ".." resolved by their spelling.
/// kInvalidArgument for a relative one, as the client and every worker run in directories of their
/// own and would each take it for another, and for schemes that are not known.
Result<std::string> declaredPath(const std::string& path);

}  // namespace weir::connector
