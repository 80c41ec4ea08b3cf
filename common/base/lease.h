#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

namespace weir {

/// Nanoseconds since the machine was started. Goes on while this process is stopped and while the
/// machine sleeps, and is the same in all processes of the machine.
std::int64_t nanosSinceBoot();

/// The time of day as of the last tick of the kernel's clock, in nanoseconds: costs a few
/// nanoseconds, and goes on while this process is stopped or the machine sleeps. May be set back.
std::int64_t coarseNanos();

/// How long a worker may act for its job: what it was given up without being told ends with it.
///
/// A job manager gives a task manager up when it has not heard of it for the heartbeat time-out.
/// The task manager therefore renews the leases of its workers up to that time after the last
/// heartbeat that was heard for certain. A worker that was stopped wakes behind that time, and must
/// not touch what belongs to its successor by then.
///
/// Threads: any.
class Lease {
 public:
  static constexpr std::int64_t kForEver = std::numeric_limits<std::int64_t>::max();
  /// The exit status of a process whose lease has run out.
  static constexpr int kExitStatus = 113;

  /// Of nanosSinceBoot(). Without a first renewal a lease does not run out.
  void renew(std::int64_t until) { until_.store(until, std::memory_order_relaxed); }
  std::int64_t until() const { return until_.load(std::memory_order_relaxed); }
  bool expired() const;
  /// Ends the process at once, without destructors, when the lease has run out.
  void enforce() const {
    if (expired()) [[unlikely]] {
      endProcess();
    }
  }
  [[noreturn]] static void endProcess();

 private:
  std::atomic<std::int64_t> until_{kForEver};
};

/// A look at a lease that is cheap enough to be taken before each of many small steps: the lease is
/// enforced where some time has passed since that was done last, as it has when the process was
/// stopped for so long that its lease may have run out.
///
/// Threads: one.
class LeaseGlance {
 public:
  /// For how long a look is trusted.
  static constexpr std::uint64_t kTrustNanos = 20'000'000;

  /// `lease` may be null, and outlives this otherwise.
  explicit LeaseGlance(const Lease* lease = nullptr) : lease_(lease) {}

  void enforce() {
    if (lease_ != nullptr && due(coarseNanos())) [[unlikely]] {
      lease_->enforce();
    }
  }
  /// Whether a look is needed at `now`, of coarseNanos(); a clock that was set back needs one too.
  bool due(std::int64_t now) {
    if (static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(looked_at_) <= kTrustNanos)
        [[likely]] {
      return false;
    }
    looked_at_ = now;
    return true;
  }

 private:
  const Lease* lease_;
  std::int64_t looked_at_ = 0;
};

}  // namespace weir
