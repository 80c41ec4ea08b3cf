#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/concurrency/executor.h"
#include "common/rpc/peer_quota.h"
#include "jobmanager/dispatcher/dispatcher_gateway.h"
#include "jobmanager/rpc/blob_transfer.h"

namespace grpc {
class Service;
}

namespace weir::jobmanager {

/// What task managers call: v1::TaskManagers. Translates and decides nothing.
///
/// A session is a TaskManagerGateway for as long as its connection lasts; its end is reported as
/// the loss of the task manager. Runs on gRPC's threads. Lives longer than its server.
class ClusterService {
 public:
  struct Settings {
    Duration heartbeat_interval = std::chrono::seconds(2);
    Duration heartbeat_timeout = std::chrono::seconds(10);  ///< Told to the task managers.
    /// How long a session may be without registration, to the next heartbeat.
    Duration registration_timeout = std::chrono::seconds(10);
    std::string version;
    LeaderEpoch epoch{};                      ///< Told to the task managers, like the next.
    Duration adoption_timeout{};              ///< How long they keep what runs for the next leader.
    std::uint64_t max_deployment = 48 << 20;  ///< Of the message that deploys a job, in bytes.
    std::uint64_t max_message = 64 << 20;     ///< That the server takes; told likewise.
    std::uint64_t max_unread = 256 << 20;     ///< As Session::Bounds::most_unread.
    /// Asked before every message to a task manager: whether this process still leads, by all that
    /// it knows just now. Empty: always. Any thread.
    std::function<bool()> leads = {};
  };

  /// All are borrowed and outlive the service; `timers` runs the heartbeats, `calls` bounds the
  /// sessions that are open.
  ClusterService(DispatcherGateway& dispatcher,
                 Transfers& transfers,
                 rpc::PeerQuota& calls,
                 concurrency::Executor& timers,
                 Settings settings);
  ~ClusterService();
  ClusterService(const ClusterService&) = delete;
  ClusterService& operator=(const ClusterService&) = delete;

  grpc::Service& service();

  /// Ends all sessions, and every later one at once, with `reason`. Idempotent. Must be called, and
  /// the server be shut down, before `timers` ends.
  void stop(const std::string& reason);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // Shared with the heartbeat's timer.
};

}  // namespace weir::jobmanager
