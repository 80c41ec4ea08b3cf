#pragma once

#include <vector>

#include "common/runtime/deployment.h"

namespace weir::blob {

/// All files that a program is made of.
std::vector<runtime::BlobKey> keysOf(const runtime::Program& program);

}  // namespace weir::blob
