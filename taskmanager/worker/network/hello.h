#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/ids.h"
#include "common/base/result.h"

namespace weir::worker {

/// The first bytes on a data connection: who asks whom for records. The consumer's worker sends
/// it; the producer's task manager reads exactly kSize bytes and hands the socket to its worker.
///
/// Layout, little-endian, 56 bytes:
///   0 u32 magic "WEIR"   4 u32 version   8 job (16)   24 u64 attempt   32 token (16)
///   48 u32 from_worker (consumer)   52 u32 to_worker (producer)
struct DataHello {
  static constexpr std::size_t kSize = 56;
  static constexpr std::uint32_t kMagic = 0x52494557;  // "WEIR" as it stands in memory.
  static constexpr std::uint32_t kVersion = 2;         // 2: watermarks.

  JobId job;
  AttemptId attempt;
  Bytes16 token{};
  std::uint32_t from_worker = 0;
  std::uint32_t to_worker = 0;

  std::array<char, kSize> encode() const;
  /// kInvalidArgument for another magic or length, kFailedPrecondition for another version.
  static Result<DataHello> decode(std::string_view bytes);
};

/// The token of a deployment as the hello carries it: its first 16 bytes, zeros behind.
Bytes16 helloToken(std::string_view token);

}  // namespace weir::worker
