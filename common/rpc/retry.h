#pragma once

#include <optional>

#include "common/base/clock.h"
#include "common/base/error.h"
#include "common/base/random.h"

namespace weir::rpc {

/// How often and how patiently something is tried again.
struct RetryPolicy {
  Duration initial = std::chrono::milliseconds(100);
  Duration longest = std::chrono::seconds(5);
  double factor = 2.0;
  /// Each delay is shortened by a random part of up to this much, so that peers do not march in
  /// step.
  double jitter = 0.2;
  /// Since the first attempt; afterwards there is no further one. Duration::max(): for ever.
  Duration give_up_after = Duration::max();
};

/// Whether the same call may succeed later: kUnavailable and kDeadlineExceeded.
bool isRetryable(const Error& error);

/// The delays of one operation that is tried again. Pure: time and randomness are handed in.
class Retry {
 public:
  Retry(RetryPolicy policy, SteadyTime started) : policy_(policy), started_(started) {}

  /// How long to wait before the next attempt, or nullopt to give up.
  std::optional<Duration> next(SteadyTime now, Random& random);
  /// After a success: the next failure starts with the initial delay.
  void reset(SteadyTime now);
  /// Failed attempts since the start or the last reset().
  int failures() const { return failures_; }

 private:
  RetryPolicy policy_;
  SteadyTime started_;
  int failures_ = 0;
};

}  // namespace weir::rpc
