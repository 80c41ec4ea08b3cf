#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/base/unique_fd.h"

namespace weir::connector {

/// Connects with TCP to the first address of `host` that answers within `timeout` each. The socket
/// blocks. Errors: kUnavailable naming host and port.
Result<UniqueFd> connectTo(const std::string& host,
                           std::uint16_t port,
                           std::chrono::milliseconds timeout);

}  // namespace weir::connector
