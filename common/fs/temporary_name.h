#pragma once

#include <string>
#include <string_view>

#include "common/base/random.h"

namespace weir::fs {

/// `.<name>.<random>.tmp`: the name of a file that is being written.
std::string temporaryName(const std::string& name, Random& random);
bool isTemporary(std::string_view name);

}  // namespace weir::fs
