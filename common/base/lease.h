#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

namespace weir {

/// Nanoseconds since the machine was started. Goes on while this process is stopped and while the
/// machine sleeps, and is the same in all processes of the machine.
std::int64_t nanosSinceBoot();

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

}  // namespace weir
