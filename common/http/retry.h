#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/fs/progress.h"

namespace weir::http {

/// For how long something that fails is tried again, and with which pauses.
struct RetryPolicy {
  Duration first_pause = std::chrono::milliseconds(100);
  Duration longest_pause = std::chrono::seconds(5);
  Duration limit = std::chrono::seconds(60);  ///< From the first try to the beginning of the last.
};

/// Sleeps, telling whoever waits that this is on purpose; false when it was stopped.
bool pauseFor(Duration pause, const std::atomic<bool>* stop);

/// Calls `attempt(n)`, n from 0, until it succeeds or fails with anything but kUnavailable, with
/// pauses that double and vary. At the end of its time the last error, as kIo, says how often.
template <typename Attempt>
auto retried(const RetryPolicy& policy, const std::atomic<bool>* stop, Attempt attempt)
    -> decltype(attempt(0)) {
  const auto begun = std::chrono::steady_clock::now();
  Duration pause = policy.first_pause;
  for (int tried = 0;; ++tried) {
    auto result = attempt(tried);
    if (result.has_value() || result.error().code() != ErrorCode::kUnavailable) {
      return result;
    }
    if (std::chrono::steady_clock::now() - begun + pause > policy.limit || !pauseFor(pause, stop)) {
      return Error(ErrorCode::kIo,
                   result.error().message() + " (tried " + std::to_string(tried + 1) + " times)")
          .advise(result.error().advice());
    }
    pause = std::min(pause * 2, policy.longest_pause);
  }
}

}  // namespace weir::http
