#include "common/rpc/retry.h"

#include <algorithm>
#include <cmath>

namespace weir::rpc {

bool isRetryable(const Error& error) {
  return error.code() == ErrorCode::kUnavailable || error.code() == ErrorCode::kDeadlineExceeded;
}

std::optional<Duration> Retry::next(SteadyTime now, Random& random) {
  const auto longest = static_cast<double>(policy_.longest.count());
  const double grown = std::min(
      longest, static_cast<double>(policy_.initial.count()) * std::pow(policy_.factor, failures_));
  ++failures_;
  constexpr std::uint64_t kSteps = 1 << 20;
  const double part = static_cast<double>(random.below(kSteps)) / static_cast<double>(kSteps);
  const Duration delay(static_cast<Duration::rep>(grown * (1 - policy_.jitter * part)));
  if (policy_.give_up_after != Duration::max() && now - started_ + delay > policy_.give_up_after) {
    return std::nullopt;
  }
  return delay;
}

void Retry::reset(SteadyTime now) {
  failures_ = 0;
  started_ = now;
}

}  // namespace weir::rpc
