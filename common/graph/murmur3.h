#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/ids.h"

namespace weir::graph {

/// MurmurHash3 (Austin Appleby, public domain), x64, 128 bits, seed 0: h1 little-endian, then h2.
/// The hash of Flink's uids, byte for byte.
Bytes16 murmur3(std::string_view bytes);

}  // namespace weir::graph
