#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "common/base/clock.h"
#include "common/functions/collector.h"
#include "common/functions/input_status.h"

namespace weir {

/// Where a source puts its records. Belongs to the source's task; its thread only, but for what
/// waker() returns.
template <typename T>
class SourceContext : public Collector<T> {
 public:
  /// Emits a record with its own time, in milliseconds since the epoch.
  void collectWithTimestamp(T value, std::int64_t timestamp) {
    this->timestamp_ = timestamp;
    this->append(std::move(value));
    this->timestamp_ = kNoTimestamp;
  }

  /// Says that no record older than `time`, or as old, follows; records that do are late. Not
  /// before what was said last: that is ignored. With TimeCharacteristic::kIngestionTime all of it
  /// is, but for the largest time.
  void emitWatermark(std::int64_t time) { onWatermark(time); }
  /// Nothing comes for now: nobody waits for this subtask's watermarks until its next record or
  /// watermark.
  void markAsTemporarilyIdle() { onIdle(); }

  /// A function that gets the source polled again; copyable, callable from any thread, and
  /// without effect after close().
  std::function<void()> waker() const { return waker_; }

  /// After kNothingAvailable: poll again at `time`, if no waker fires before.
  void pollAgainAt(SteadyTime time) { poll_again_at_ = time; }

 protected:
  virtual void onWatermark(std::int64_t /*time*/) {}
  virtual void onIdle() {}

  std::function<void()> waker_;
  SteadyTime poll_again_at_ = SteadyTime::max();
};

/// Brings records into the job.
///
/// pollNext() is called in a loop on the task's thread. It emits a few records at most and never
/// blocks for long: checkpoints, cancellation and wakers are served between the calls.
template <typename T>
class SourceFunction {
 public:
  virtual ~SourceFunction() = default;
  virtual InputStatus pollNext(SourceContext<T>& context) = 0;
};

}  // namespace weir
