#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <utility>

#include "taskmanager/worker/network/wake_signal.h"

namespace weir::worker {

/// Whether others want a task to end, and why: it is cancelled, or fails for a cause outside of it.
/// Wakes the task where it waits. Lives as long as its task. Threads: any.
class StopRequest {
 public:
  explicit StopRequest(WakeSignal& signal) : signal_(signal) {}

  void cancel() {
    {
      std::lock_guard lock(mutex_);
      cancelled_ = true;
    }
    wake();
  }
  /// The first cause counts, and none after cancel().
  void fail(const std::string& cause) {
    {
      std::lock_guard lock(mutex_);
      if (cancelled_ || !failure_.empty()) {
        return;
      }
      failure_ = cause;
    }
    wake();
  }
  /// The connection to a peer was lost: it fails, unless peers may go.
  void lost(const std::string& cause) {
    {
      std::lock_guard lock(mutex_);
      if (peers_may_go_) {
        lost_ = lost_.empty() ? cause : lost_;
        return;
      }
    }
    fail(cause);
  }
  /// Whether nothing is to come from peers, or to go to them: each may have finished before us. A
  /// connection that was lost meanwhile fails the task once it is needed again.
  void letPeersGo(bool may) {
    std::string lost;
    {
      std::lock_guard lock(mutex_);
      peers_may_go_ = may;
      lost = may ? std::string() : std::exchange(lost_, {});
    }
    if (!lost.empty()) {
      fail(lost);
    }
  }

  bool made() const { return made_.load(std::memory_order_acquire); }
  /// For those that wait on the task's thread.
  const std::atomic<bool>& flag() const { return made_; }
  /// The cause of a task that ends and has itself failed with `own`, or not (empty). Empty again
  /// when it was cancelled: what fails after that follows from it.
  std::string causeBeside(std::string own) const {
    std::lock_guard lock(mutex_);
    if (cancelled_) {
      return {};
    }
    return own.empty() ? failure_ : own;
  }

 private:
  void wake() {
    made_.store(true, std::memory_order_release);
    signal_.wake();
  }

  WakeSignal& signal_;  // The task's.
  std::atomic<bool> made_{false};
  mutable std::mutex mutex_;
  std::string failure_;
  std::string lost_;  // While peers may go.
  bool peers_may_go_ = false;
  bool cancelled_ = false;
};

}  // namespace weir::worker
