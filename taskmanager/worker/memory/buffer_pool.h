#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/functions/edge.h"

namespace weir::worker {

using functions::Buffer;

/// The buffers of one worker: segments of one size, recycled, and larger ones made on demand.
///
/// The pool is bounded softly. take() never waits and never fails; but once `segments` are out,
/// exhausted() holds and every channel admits a single buffer only, so that what is out stays
/// below `segments` plus two per channel. Lives longer than everything that takes from it.
///
/// Threads: any. Memory that is freed instead of given back stays counted as taken.
class BufferPool {
 public:
  BufferPool(std::size_t segment_bytes, std::size_t segments)
      : segment_bytes_(segment_bytes), segments_(segments) {}
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// The pool that a job's configuration asks for. kInvalidArgument for a value that is wrong.
  static Result<std::unique_ptr<BufferPool>> fromConfiguration(
      const std::map<std::string, std::string>& configuration);

  /// An empty buffer of at least `capacity` bytes; normally one segment.
  Buffer take(std::size_t capacity = 0);
  /// Takes a buffer back; an empty handle is ignored.
  void give(Buffer buffer);
  /// Takes all back, and clears the vector.
  void giveAll(std::vector<Buffer>& buffers);

  std::size_t segmentBytes() const { return segment_bytes_; }
  /// Whether as many segments are out as the worker may hold.
  bool exhausted() const { return taken_.load(std::memory_order_relaxed) >= segments_; }
  /// Segments that are out now; a larger buffer counts as the segments it would fill.
  std::size_t taken() const { return taken_.load(std::memory_order_relaxed); }

 private:
  std::size_t weight(std::size_t capacity) const {
    return capacity <= segment_bytes_ ? 1 : (capacity + segment_bytes_ - 1) / segment_bytes_;
  }

  const std::size_t segment_bytes_;
  const std::size_t segments_;
  std::atomic<std::size_t> taken_{0};
  std::mutex mutex_;
  std::vector<std::unique_ptr<std::byte[]>> free_;  // Segments only; the last one is the warmest.
};

}  // namespace weir::worker
