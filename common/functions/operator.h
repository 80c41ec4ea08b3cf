#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/functions/input_status.h"
#include "common/functions/task_info.h"
#include "common/record/batch.h"
#include "common/schema/key_group.h"
#include "common/schema/schema.h"
#include "common/state/keyed_backend.h"
#include "common/state/section.h"

namespace weir::functions {

struct Work;

/// Where batches of some type go: an operator's input or an edge to other tasks.
class AnyReceiver {
 public:
  virtual ~AnyReceiver() = default;
};

/// Takes batches of T, one virtual call per batch.
template <typename T>
class Receiver : public AnyReceiver {
 public:
  /// May move the records out or change them; the caller clears the batch afterwards.
  virtual void receive(Batch<T>& batch) = 0;
};

/// Thrown through user code when its task is cancelled while it waits for room downstream.
/// Caught at the edge of the subtask only.
struct CancelledException {};

/// Thrown by an EdgeReader on bytes that no writer of the same type has written.
class DecodeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What the runtime offers to an operator. Lives as long as the operator; task's thread only.
class OperatorContext {
 public:
  virtual ~OperatorContext() = default;
  virtual const TaskInfo& task() const = 0;
  virtual AccumulatorRegistry& accumulators() = 0;
  /// Wakes the task's loop from any thread; copyable, harmless after close().
  virtual std::function<void()> waker() = 0;
};

/// The state of one operator as one old subtask wrote it.
struct RestoredSection {
  std::uint32_t subtask = 0;
  std::shared_ptr<state::SectionReader> section;
};

/// All that an operator gets back: every section that may hold something for this subtask.
struct OperatorRestore {
  std::vector<RestoredSection> sections;
  KeyGroupRange key_groups;
  std::uint32_t old_parallelism = 0;
  std::vector<std::string> dropped;  ///< Names of states to leave out.
  state::Unclaimed unclaimed = state::Unclaimed::kKept;
};

/// One operator in one subtask, as the task's loop sees it: untyped, one virtual call per batch.
///
/// Order of calls: setup, addOutput (any number), restore (whenever the job is restored, also where
/// no section is), open, then receive/poll/snapshot/notify in any order, endInput per port, close.
/// All on the task's thread. User exceptions pass through; the subtask catches them.
class Operator {
 public:
  virtual ~Operator() = default;

  virtual void setup(OperatorContext& context) = 0;
  /// The receiver of an input port (a Receiver<In>); sources have none.
  virtual AnyReceiver* input(std::uint32_t port) = 0;
  /// Adds a consumer (a Receiver<Out>) of what this operator emits.
  virtual void addOutput(AnyReceiver& next) = 0;

  virtual Status restore(const OperatorRestore& restore) = 0;
  virtual void open() = 0;
  /// The input of `port` has ended and everything before it was received.
  virtual void endInput(std::uint32_t port) = 0;
  /// Called once, on finish, cancel and failure; open() may have thrown or not been reached.
  virtual void close() = 0;

  /// Freezes all state of this operator; the result is written on another thread. Null when the
  /// operator has no state.
  virtual std::unique_ptr<state::FrozenState> snapshot(CheckpointId checkpoint) = 0;
  virtual void notifyCheckpointComplete(CheckpointId /*checkpoint*/) {}
  virtual void notifyCheckpointAborted(CheckpointId /*checkpoint*/) {}
  /// The job is finished; close() follows.
  virtual void notifyFinished() {}

  /// What this operator has been given to do, for who says where something came from.
  virtual Work* work() { return nullptr; }

  /// Hands on what is collected but not yet passed to the next operator.
  virtual void flush() {}

  /// Sources: emits about `limit` records at most, or fewer when there are none.
  virtual InputStatus poll(std::size_t /*limit*/) { return InputStatus::kEndOfInput; }
  /// Sources: when to poll again after kNothingAvailable, if the source said so.
  virtual SteadyTime pollAgainAt() const { return SteadyTime::max(); }
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
  /// How many bytes a buffer to this channel should hold at most before it is emitted: shrinks
  /// when the receiver is slow, so that little is in flight before a barrier.
  virtual std::size_t targetBytes(std::uint32_t channel) const = 0;
};

/// The typed end of an edge at its producer: partitions and serializes.
class EdgeWriter {
 public:
  virtual ~EdgeWriter() = default;
  /// A Receiver<T>.
  virtual AnyReceiver& receiver() = 0;
  /// Emits every started buffer.
  virtual void flush() = 0;
  /// Records received so far, for metrics.
  virtual std::uint64_t records() const { return 0; }
};

/// The typed end of an edge at its consumer: reads buffers in place and hands on batches.
///
/// A buffer is begin() once, then read() with what is left of it until nothing is; only then does
/// the next buffer begin, of whatever channel. Task's thread only.
class EdgeReader {
 public:
  virtual ~EdgeReader() = default;
  /// A new buffer follows: the next read() starts at its first byte (a header of one byte).
  virtual void begin() = 0;
  /// Reads records from `bytes` (which starts at a record) and passes at most `limit` of them on;
  /// returns how many bytes were consumed. Throws DecodeError on damaged bytes.
  virtual std::size_t read(std::span<const std::byte> bytes, std::size_t limit) = 0;
  /// Records passed on so far, for metrics.
  virtual std::uint64_t records() const { return 0; }
};

using OperatorFactory = std::function<std::unique_ptr<Operator>()>;
/// Reads a state handle of the user's own making that was written under the schema `written`; what
/// it answers runs discardState(). Errors: as state::decodeElement().
using HandleReader = std::function<Result<std::function<void()>>(std::string_view bytes,
                                                                 const record::Schema& written)>;
using EdgeWriterFactory =
    std::function<std::unique_ptr<EdgeWriter>(EdgeOutput& output, const TaskInfo& producer)>;
using EdgeReaderFactory = std::function<std::unique_ptr<EdgeReader>(AnyReceiver& target)>;

}  // namespace weir::functions
