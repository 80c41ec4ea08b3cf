#pragma once

#include <utility>

#include "common/base/clock.h"
#include "common/functions/input_status.h"
#include "taskmanager/worker/task/pace.h"
#include "taskmanager/worker/task/waker.h"

namespace weir::worker {

/// When a source is polled: at once while it has records, else when its waker is called or the time
/// comes that it named; where it named none, after a rest that grows.
///
/// Lives as long as its task; the task's thread, the waker's copies as they say.
class PollTimer {
 public:
  explicit PollTimer(WakeSignal& signal) : waker_(signal) {}

  Waker& waker() { return waker_; }
  /// Whether the source had nothing and its rest is not known to be over.
  bool resting() const { return next_ != SteadyTime{}; }
  /// Whether the rest is over; it is then for good.
  bool over(SteadyTime now) {
    if (!waker_.take() && now < next_) {
      return false;
    }
    next_ = SteadyTime{};
    return true;
  }
  /// When the rest is over at the latest.
  SteadyTime next() const { return resting() ? next_ : SteadyTime::max(); }

  void hadRecords() { back_off_.reset(); }
  /// `wanted`: when the source wants to be polled; max(): it did not say.
  void hadNone(SteadyTime now, SteadyTime wanted) {
    next_ = wanted == SteadyTime::max() ? now + back_off_.next() : wanted;
  }

 private:
  Waker waker_;
  BackOff back_off_;
  SteadyTime next_{};  // The epoch: at once.
};

}  // namespace weir::worker
