#pragma once

#include <string_view>

namespace weir::fs {

/// Whether a name that others chose is one component that stays in its directory, is not hidden,
/// and is taken for anything else by no system.
bool isPlainName(std::string_view name);

}  // namespace weir::fs
