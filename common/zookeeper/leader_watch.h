#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/concurrency/executor.h"
#include "common/concurrency/thread_executor.h"
#include "common/zookeeper/client.h"
#include "common/zookeeper/leader_address.h"
#include "common/zookeeper/settings.h"

namespace weir::zookeeper {

/// Follows who leads, as long as it lives, through lost connections and sessions.
///
/// While the ensemble cannot be reached nothing is told: what was told last may still hold.
///
/// Threads: created anywhere; `changed` is called on the executor. Destroyed on the executor's
/// thread, or when that has ended: no call comes afterwards, and it waits for its own thread a few
/// seconds at most.
class LeaderWatch {
 public:
  /// None: nobody leads just now.
  using Changed = std::function<void(std::optional<LeaderAddress>)>;

  LeaderWatch(Settings settings, concurrency::Executor& executor, Changed changed);
  ~LeaderWatch();
  LeaderWatch(const LeaderWatch&) = delete;
  LeaderWatch& operator=(const LeaderWatch&) = delete;

  /// Why no leader is known, for messages; none: one is, or nothing is wrong. Any thread.
  std::optional<Error> trouble() const;

 private:
  void connect();
  void look();
  void lookForAbsent();
  void sessionChanged(SessionState state, const Error& why);
  void found(const Node& node);
  void tell(std::optional<LeaderAddress> leader);
  void troubled(const Error& why);

  const Settings settings_;
  concurrency::Executor& executor_;
  const Changed changed_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // Watched by what is posted.

  mutable std::mutex mutex_;
  std::optional<Error> trouble_;  // Under the mutex.

  // Of `work_`.
  std::unique_ptr<Client> client_;
  std::optional<std::optional<LeaderAddress>> told_;
  std::unique_ptr<concurrency::Executor::Timer> again_;
  concurrency::ThreadExecutor work_{"zookeeper"};  // Last: it ends before what it works on.
};

}  // namespace weir::zookeeper
