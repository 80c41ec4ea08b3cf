#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/concurrency/thread_executor.h"
#include "common/zookeeper/leader_address.h"
#include "common/zookeeper/leader_watch.h"
#include "common/zookeeper/settings.h"

namespace weir::zookeeper {

/// Who leads, for who asks now and again: one watch, with one session, from the first question to
/// its end. Threads: any; find() waits.
class LeaderFinder {
 public:
  explicit LeaderFinder(Settings settings) : settings_(std::move(settings)) {}
  ~LeaderFinder();
  LeaderFinder(const LeaderFinder&) = delete;
  LeaderFinder& operator=(const LeaderFinder&) = delete;

  /// At once where a leader is known, else waits up to `patience` for one that says so.
  /// kUnavailable with the cause; kInvalidArgument without ZooKeeper's library.
  Result<LeaderAddress> find(Duration patience);

 private:
  const Settings settings_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<LeaderAddress> leader_;  // Under the mutex.
  concurrency::ThreadExecutor executor_{"find-leader"};
  std::unique_ptr<LeaderWatch> watch_;  // Set under the mutex. Last: it ends first.
};

/// For who asks once.
Result<LeaderAddress> findLeader(const Settings& settings, Duration patience);

}  // namespace weir::zookeeper
