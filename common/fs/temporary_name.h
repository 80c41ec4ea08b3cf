#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/random.h"

namespace weir::fs {

/// `.<name>.<random>.tmp`: the name of a file that is being written.
std::string temporaryName(const std::string& name, Random& random);
/// `.<name>.<random>-<number>.tmp`: a part of it, where parts are files of their own; of a path,
/// too.
std::string temporaryPart(std::string temporary, std::uint32_t number);
bool isTemporary(std::string_view name);
/// The name of the file that is written under this one; empty for what is no temporary name.
std::string_view finalNameOf(std::string_view temporary);

}  // namespace weir::fs
