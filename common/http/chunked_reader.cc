#include "common/http/chunked_reader.h"

#include <utility>

namespace weir::http {
namespace {

constexpr std::uint64_t kSmallFile = 256 * 1024;  // Fetched whole, however little is asked for.

}  // namespace

ChunkedReader::ChunkedReader(std::string path,
                             std::uint64_t size,
                             const Fetch& fetch,
                             Transfers& transfers,
                             const TransferSettings& settings)
    : path_(std::move(path)),
      size_(size),
      fetch_(fetch),
      chunk_bytes_(settings.chunk_bytes),
      ahead_(std::make_shared<ReadAhead>(size, fetch, transfers, settings)) {}

bool ChunkedReader::isOrderly(std::uint64_t offset, std::uint64_t length) const {
  const std::lock_guard lock(mutex_);
  const bool goes_on = offset != 0 && offset == next_;
  next_ = offset + length;
  return goes_on || length >= chunk_bytes_ || size_ <= kSmallFile;
}

Result<std::string> ChunkedReader::read(std::uint64_t offset, std::uint64_t length) const {
  if (offset > size_ || length > size_ - offset) {
    return Error(ErrorCode::kCorruption,
                 "read " + path_ + ": has " + std::to_string(size_) + " bytes, but " +
                     std::to_string(length) + " from " + std::to_string(offset) + " were expected");
  }
  if (length == 0) {
    return std::string();
  }
  if (!isOrderly(offset, length)) {
    return fetch_(offset, length).during("read " + path_);
  }
  std::string bytes;
  bytes.reserve(length);
  while (bytes.size() < length) {
    if (Status read = ahead_->read(offset + bytes.size(), length - bytes.size(), bytes); !read) {
      return std::move(read).error().during("read " + path_);
    }
  }
  return bytes;
}

}  // namespace weir::http
