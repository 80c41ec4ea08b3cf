#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/fs/digest.h"

namespace weir::rpc {

/// Blobs and state above this size travel as a stream of messages with so many bytes each.
inline constexpr std::size_t kChunkBytes = 64 * 1024;

/// Calls `send(chunk)` -> bool for each piece of `bytes` in order, at least once (empty bytes give
/// one empty chunk); false from `send` means that the stream broke.
template <typename Send>
Status sendChunks(std::string_view bytes, Send&& send) {
  std::size_t at = 0;
  do {
    const std::string_view chunk = bytes.substr(at, kChunkBytes);
    if (!send(chunk)) {
      return Error(ErrorCode::kUnavailable,
                   "the stream broke after " + std::to_string(at) + " of " +
                       std::to_string(bytes.size()) + " bytes");
    }
    at += chunk.size();
  } while (at < bytes.size());
  return ok();
}

/// Puts a stream together again and checks what came. Belongs to one thread.
class ChunkReceiver {
 public:
  /// More than `most` bytes are refused. Memory for so many is set aside at once: grown by and by
  /// they would take up to twice as much.
  explicit ChunkReceiver(std::uint64_t most) : most_(most) { bytes_.reserve(most); }

  /// kResourceExhausted above the limit.
  Status add(std::string_view chunk);
  std::uint64_t size() const { return bytes_.size(); }

  /// All bytes, when they have this size and, unless it is empty, this SHA-256; else kCorruption.
  Result<std::string> finish(std::uint64_t size, std::string_view sha256) &&;

 private:
  std::uint64_t most_;
  std::string bytes_;
  fs::Sha256 digest_;
};

}  // namespace weir::rpc
