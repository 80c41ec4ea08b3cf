#include "taskmanager/worker/memory/buffer_pool.h"

#include <utility>

#include "common/config/configuration.h"
#include "common/config/options.h"

namespace weir::worker {

Result<std::unique_ptr<BufferPool>> BufferPool::fromConfiguration(
    const std::map<std::string, std::string>& configuration) {
  WEIR_TRY(const auto settings, config::Configuration::fromMap(configuration));
  return std::make_unique<BufferPool>(
      static_cast<std::size_t>(settings.get(config::kSegmentSize).bytes),
      static_cast<std::size_t>(settings.get(config::kNetworkBuffers)));
}

Buffer BufferPool::take(std::size_t capacity) {
  taken_.fetch_add(weight(capacity), std::memory_order_relaxed);
  if (capacity > segment_bytes_) {
    return Buffer(std::make_unique_for_overwrite<std::byte[]>(capacity), capacity);
  }
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      Buffer buffer(std::move(free_.back()), segment_bytes_);
      free_.pop_back();
      return buffer;
    }
  }
  return Buffer(std::make_unique_for_overwrite<std::byte[]>(segment_bytes_), segment_bytes_);
}

void BufferPool::give(Buffer buffer) {
  if (!buffer) {
    return;
  }
  taken_.fetch_sub(weight(buffer.capacity()), std::memory_order_relaxed);
  if (buffer.capacity() == segment_bytes_) {
    std::lock_guard lock(mutex_);
    if (free_.size() < segments_) {
      free_.push_back(buffer.release());
    }
  }
}

void BufferPool::giveAll(std::vector<Buffer>& buffers) {
  for (Buffer& buffer : buffers) {
    give(std::move(buffer));
  }
  buffers.clear();
}

}  // namespace weir::worker
