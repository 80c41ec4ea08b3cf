#include "common/rpc/chunks.h"

#include <utility>

namespace weir::rpc {

Status ChunkReceiver::add(std::string_view chunk) {
  if (chunk.size() > most_ - bytes_.size()) {
    return Error(ErrorCode::kResourceExhausted,
                 "the stream has more than the " + std::to_string(most_) + " bytes allowed");
  }
  bytes_.append(chunk);
  digest_.update(chunk);
  return ok();
}

Result<std::string> ChunkReceiver::finish(std::uint64_t size, std::string_view sha256) && {
  if (bytes_.size() != size) {
    return Error(ErrorCode::kCorruption,
                 "the stream ended after " + std::to_string(bytes_.size()) + " of " +
                     std::to_string(size) + " bytes");
  }
  if (const std::string digest = digest_.finish(); !sha256.empty() && digest != sha256) {
    return Error(ErrorCode::kCorruption,
                 "the bytes have the SHA-256 " + digest + ", not " + std::string(sha256));
  }
  return std::move(bytes_);
}

}  // namespace weir::rpc
