#pragma once

#include <cstdint>
#include <limits>
#include <variant>

#include "common/base/ids.h"
#include "common/record/batch.h"

/// What a stream consists of: batches of records and, in order with them, signals. Between
/// operators both enter by the same receiver, on an edge both are an Element (edge.h).
namespace weir::functions {

/// No record that follows is as old as `time`, in milliseconds; late ones excepted.
struct Watermark {
  /// Of a stream that has not said anything yet.
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();
  /// Of a stream that has ended.
  static constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

  std::int64_t time = kNone;
  bool operator==(const Watermark&) const = default;
};

/// All before it belongs to the snapshot of a checkpoint, nothing behind it.
struct Barrier {
  CheckpointId checkpoint;
  std::int64_t timestamp_millis = 0;
  bool savepoint = false;
  bool stops = false;  ///< Nothing follows it, unless it is aborted: the job stops with it.
  /// It has overtaken records, or did not wait for any: nobody is to wait for it any longer.
  bool unaligned = false;
  bool drains = false;  ///< The input has ended before it: it comes behind what that lets out.
  bool operator==(const Barrier&) const = default;
};

/// No record follows; barriers still do.
struct EndOfInput {
  bool operator==(const EndOfInput&) const = default;
};

/// Nothing comes for now, and nobody is to wait for watermarks of this stream; or something comes
/// again. A watermark says the latter, too.
struct StreamStatus {
  bool idle = false;
  bool operator==(const StreamStatus&) const = default;
};

/// Goes around an iteration whose input has ended, behind the records before it (LoopRounds).
struct LoopMark {
  std::uint32_t loop = 0;
  std::uint32_t round = 0;
  std::uint32_t heat = 0;  ///< Where marks of a round join, the hottest counts.
  bool operator==(const LoopMark&) const = default;
};

/// What stands between batches. A value.
using Signal = std::variant<Watermark, Barrier, EndOfInput, StreamStatus, LoopMark>;

/// Where a stream goes: an operator's input or an edge to other tasks. Takes signals, and as a
/// Receiver<T> batches; what is taken later stands behind what was taken before.
class AnyReceiver {
 public:
  virtual ~AnyReceiver() = default;
  virtual void receive(const Signal& signal) = 0;
};

/// Takes batches of T, one virtual call per batch.
template <typename T>
class Receiver : public AnyReceiver {
 public:
  using AnyReceiver::receive;
  /// May move the records out or change them; the caller clears the batch afterwards.
  virtual void receive(Batch<T>& batch) = 0;
};

}  // namespace weir::functions
