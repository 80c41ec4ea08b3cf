#include "taskmanager/worker/task/lease_watch.h"

#include <algorithm>
#include <chrono>

namespace weir::worker {

namespace {
constexpr std::chrono::nanoseconds kLongest = std::chrono::seconds(1);
constexpr std::chrono::nanoseconds kShortest = std::chrono::milliseconds(1);
}  // namespace

LeaseWatch::LeaseWatch(const Lease& lease) : lease_(lease), thread_([this] { run(); }) {}

LeaseWatch::~LeaseWatch() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void LeaseWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    lease_.enforce();
    const std::int64_t until = lease_.until();
    const std::chrono::nanoseconds left(until == Lease::kForEver ? kLongest.count()
                                                                 : until - nanosSinceBoot());
    changed_.wait_for(lock, std::clamp(left, kShortest, kLongest), [this] { return stopped_; });
  }
}

}  // namespace weir::worker
