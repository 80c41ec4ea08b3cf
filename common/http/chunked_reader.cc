#include "common/http/chunked_reader.h"

#include <algorithm>
#include <utility>

namespace weir::http {
namespace {

constexpr std::uint64_t kSmallFile = 256 * 1024;  // Fetched whole, however little is asked for.

}  // namespace

ChunkedReader::ChunkedReader(std::string path,
                             std::uint64_t size,
                             Fetch fetch,
                             Transfers& transfers,
                             const TransferSettings& settings)
    : path_(std::move(path)),
      size_(size),
      fetch_(std::make_shared<const Fetch>(std::move(fetch))),
      transfers_(transfers),
      chunk_bytes_(settings.chunk_bytes),
      in_flight_(std::max<std::size_t>(1, settings.in_flight)) {}

bool ChunkedReader::isOrderly(std::uint64_t offset, std::uint64_t length) const {
  const std::lock_guard lock(mutex_);
  const bool goes_on = offset != 0 && offset == next_;
  next_ = offset + length;
  return goes_on || length >= chunk_bytes_ || size_ <= kSmallFile;
}

ChunkedReader::Fetched ChunkedReader::chunk(std::uint64_t index) const {
  const std::lock_guard lock(mutex_);
  std::erase_if(chunks_, [&](const auto& one) {
    return one.first + 1 < index || one.first >= index + in_flight_;
  });
  const bool ahead = chunks_.contains(index);
  const std::uint64_t last = (size_ - 1) / chunk_bytes_;
  for (std::uint64_t i = index; i <= std::min<std::uint64_t>(last, index + in_flight_ - 1); ++i) {
    if (!chunks_.contains(i)) {
      const std::uint64_t offset = i * chunk_bytes_;
      const std::uint64_t length = std::min(chunk_bytes_, size_ - offset);
      chunks_.emplace(i, transfers_.start<Result<std::string>>([fetch = fetch_, offset, length] {
        return (*fetch)(offset, length);
      }));
    }
  }
  return {chunks_.at(index), ahead};
}

void ChunkedReader::forget(std::uint64_t index) const {
  const std::lock_guard lock(mutex_);
  chunks_.erase(index);
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
    return (*fetch_)(offset, length).during("read " + path_);
  }
  std::string bytes;
  bytes.reserve(length);
  while (bytes.size() < length) {
    const std::uint64_t at = offset + bytes.size();
    const std::uint64_t index = at / chunk_bytes_;
    const auto [under_way, ahead] = chunk(index);
    const Result<std::string>& fetched = transfers_.await(under_way);
    if (!fetched) {
      forget(index);
      if (ahead) {
        continue;  // It broke before anybody asked for it.
      }
      return Error(fetched.error()).during("read " + path_);
    }
    bytes.append(*fetched, at % chunk_bytes_, length - bytes.size());
  }
  return bytes;
}

}  // namespace weir::http
