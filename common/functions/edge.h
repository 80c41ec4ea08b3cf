#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>
#include <variant>

#include "common/functions/element.h"
#include "common/functions/task_info.h"
#include "common/schema/schema.h"

/// The ends of an edge between two tasks, where records are bytes.
namespace weir::functions {

/// Thrown through user code when its task is cancelled while it waits for room downstream.
/// Caught at the edge of the subtask only.
struct CancelledException {};

/// Thrown by an EdgeReader on bytes that no writer of the same type has written.
class DecodeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A block of serialized records on its way to one channel. Moves; returns to its pool when freed.
class Buffer {
 public:
  Buffer() = default;
  Buffer(std::unique_ptr<std::byte[]> bytes, std::size_t capacity)
      : bytes_(std::move(bytes)), capacity_(capacity) {}

  std::byte* data() { return bytes_.get(); }
  const std::byte* data() const { return bytes_.get(); }
  std::size_t capacity() const { return capacity_; }
  std::size_t size() const { return size_; }
  void resize(std::size_t size) { size_ = size; }
  std::span<const std::byte> view() const { return {bytes_.get(), size_}; }
  explicit operator bool() const { return bytes_ != nullptr; }
  /// Gives the memory up, for the pool to take it back.
  std::unique_ptr<std::byte[]> release() { return std::move(bytes_); }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

/// A buffer of no pool with these bytes.
inline Buffer copyOf(std::span<const std::byte> bytes) {
  Buffer buffer(std::make_unique_for_overwrite<std::byte[]>(bytes.size()), bytes.size());
  std::ranges::copy(bytes, buffer.data());
  buffer.resize(bytes.size());
  return buffer;
}

/// What travels on a channel, in order: records, or what stands between them.
using Element = std::variant<Buffer, Signal>;

/// The channels of one outgoing edge of one subtask, as bytes. Task's thread only.
class EdgeOutput {
 public:
  virtual ~EdgeOutput() = default;
  /// Number of channels; channel i leads to the i-th connected consumer subtask.
  virtual std::uint32_t channels() const = 0;
  /// An empty buffer of at least `capacity` bytes. May wait for the pool; throws
  /// CancelledException.
  virtual Buffer take(std::size_t capacity) = 0;
  /// Sends a filled buffer. Waits while the channel has no room; throws CancelledException.
  virtual void emit(std::uint32_t channel, Buffer buffer) = 0;
  /// Sends a signal on every channel, behind the buffers that were emitted. Needs no room.
  virtual void broadcast(const Signal& signal) = 0;
  /// How many bytes a buffer to this channel should hold at most before it is emitted: shrinks
  /// when the receiver is slow, so that little is in flight before a barrier.
  virtual std::size_t targetBytes(std::uint32_t channel) const = 0;
};

/// The typed end of an edge at its producer: partitions and serializes.
class EdgeWriter {
 public:
  virtual ~EdgeWriter() = default;
  /// A Receiver<T>. A signal emits every started buffer and follows it on every channel.
  virtual AnyReceiver& receiver() = 0;
  /// Emits every started buffer.
  virtual void flush() = 0;
  /// Records received so far, for metrics.
  virtual std::uint64_t records() const { return 0; }
};

/// The typed end of an edge at its consumer: reads buffers in place and hands on batches.
///
/// A buffer is begin() once, then read() with what is left of it until nothing is; only then does
/// the next element come, of whatever channel. Task's thread only.
class EdgeReader {
 public:
  virtual ~EdgeReader() = default;
  /// A new buffer follows: the next read() starts at its first byte (a header of one byte).
  virtual void begin() = 0;
  /// Reads records from `bytes` (which starts at a record) and passes at most `limit` of them on;
  /// returns how many bytes were consumed. Throws DecodeError on damaged bytes.
  virtual std::size_t read(std::span<const std::byte> bytes, std::size_t limit) = 0;
  /// Hands a signal on to where the records go.
  virtual void receive(const Signal& signal) = 0;
  /// What a record is encoded as; empty where nobody asks.
  virtual record::Schema schema() const { return {}; }
  /// Records passed on so far, for metrics.
  virtual std::uint64_t records() const { return 0; }
};

using EdgeWriterFactory =
    std::function<std::unique_ptr<EdgeWriter>(EdgeOutput& output, const TaskInfo& producer)>;
using EdgeReaderFactory = std::function<std::unique_ptr<EdgeReader>(AnyReceiver& target)>;

}  // namespace weir::functions
