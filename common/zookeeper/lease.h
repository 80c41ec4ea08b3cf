#pragma once

#include <atomic>
#include <cstdint>

#include "common/base/clock.h"

namespace weir::zookeeper {

/// Time since the machine started, also while it was suspended: what a lease is measured by, as
/// others do not wait while we sleep.
class BootClock final : public Clock {
 public:
  SteadyTime now() const override;
  WallTime wallNow() const override;
};

/// How long a session may be counted on without hearing of it again, by our own clock.
///
/// The servers count a session's time-out from the last request that reached them. So from when one
/// was *sent* that was answered later, the session is ours for that time at least, and not by this
/// clock any longer: who was stopped in between finds that out from holds() before anybody tells
/// it. Threads: any.
class Lease {
 public:
  explicit Lease(const Clock& clock) : clock_(clock) {}

  /// A request that was sent at `sent` was answered.
  void extend(SteadyTime sent, Duration timeout);
  /// It holds no more, whatever comes.
  void end();
  bool holds() const { return clock_.now().time_since_epoch().count() < until_.load(); }
  /// Until it ends; not positive afterwards.
  Duration left() const;

 private:
  const Clock& clock_;
  std::atomic<SteadyTime::rep> until_ = 0;
  std::atomic<bool> ended_ = false;
};

}  // namespace weir::zookeeper
