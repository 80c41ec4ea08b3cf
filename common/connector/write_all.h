#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace weir::connector {

/// Writes all bytes to a descriptor that blocks; `what` names it in the error.
Status writeAll(int fd, std::string_view bytes, const std::string& what);

}  // namespace weir::connector
