#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "common/base/random.h"
#include "common/zookeeper/leader_address.h"
#include "jobmanager/ha/zookeeper/blocking_client.h"

namespace weir::ha {

/// Which one of several job managers leads: who has queued up first among the sessions that live.
///
/// Candidates stand in line as ephemeral sequential nodes, and each watches the one before it, so
/// that the end of a leader wakes one of them. To stand first is not to lead yet: the store of jobs
/// raises the epoch, and whoever has not done that last writes nothing.
///
/// Threads: lead(), publish() and keepPublished() from one, which may wait; close() and
/// leads() from any. Errors: kUnavailable for servers that do not answer and for close();
/// kInvalidArgument for a node that is somebody else's.
class Election {
 public:
  /// `self` says who we are, for people. `lost` is told, once and on a thread of the client, that a
  /// session in which we were the first is over: we do nothing more from then on.
  Election(zookeeper::Settings settings,
           std::string self,
           Random& random,
           std::function<void(const Error&)> lost);

  /// Waits until we are the first, however long. Before a server has answered once it gives up
  /// after as many tries as configured.
  Status lead();
  /// We stand first, and our session holds by our own clock.
  bool leads() const;
  /// Our node in the line; a write that checks it is refused once our session is over.
  const std::string& node() const { return node_; }
  BlockingClient& client() { return client_; }

  /// Says to those who follow where we are.
  Status publish(const zookeeper::LeaderAddress& address);
  /// Says it again whenever somebody else has written or deleted that; returns after `stop`,
  /// close() or with the session.
  void keepPublished(const zookeeper::LeaderAddress& address, const std::stop_token& stop);

  /// Leaves the line, so that the next one leads at once. Idempotent.
  void close();

 private:
  Status await();
  Status enroll();
  Result<bool> isFirst(std::string& before);
  Status awaitChange(const std::string& path);
  void changed();
  void sessionLost(const Error& why);
  bool closed() const;
  bool pauseBeforeRetry();

  const std::string self_;
  const std::string mark_;  // Of our nodes among those in the line.
  const std::function<void(const Error&)> lost_;
  std::string node_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  // Under the mutex.
  bool changed_ = false;
  bool closed_ = false;
  bool first_ = false;
  bool over_ = false;  // The session is lost.

  BlockingClient client_;  // Last: its threads end first.
};

}  // namespace weir::ha
