#pragma once

#include <cstdint>

#include "common/rpc/channel.h"

namespace weir::client {

/// Who listens at an address at which no job manager answered.
enum class Listener : std::uint8_t { kNone, kHttp, kOther };

/// Asks in HTTP; takes two seconds at most, beside the look-up of the host's name.
Listener probe(const rpc::Address& address);

}  // namespace weir::client
