#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "common/base/lease.h"

namespace weir::worker {

/// Ends the process as soon as its lease has run out, whatever its other threads do. Lives while
/// tasks run. Threads: one of its own.
class LeaseWatch {
 public:
  /// `lease` outlives this.
  explicit LeaseWatch(const Lease& lease);
  ~LeaseWatch();
  LeaseWatch(const LeaseWatch&) = delete;
  LeaseWatch& operator=(const LeaseWatch&) = delete;

 private:
  void run();

  const Lease& lease_;  // Of the worker process.
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  std::thread thread_;  // Last.
};

}  // namespace weir::worker
