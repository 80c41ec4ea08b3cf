#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "cluster.pb.h"
#include "common/rpc/peer_quota.h"
#include "jobmanager/dispatcher/dispatcher_gateway.h"
#include "jobmanager/rpc/outbox.h"

namespace weir::jobmanager {

/// One connection of a task manager, from its registration to its end, and the gateway to it.
///
/// Owns itself until gRPC is done with it; the dispatcher shares it as a gateway. Messages go out
/// in the order of send(). Threads: gRPC's; send(), ping() and close() from any.
class Session final : public grpc::ServerBidiReactor<v1::FromTaskManager, v1::ToTaskManager>,
                      public TaskManagerGateway,
                      public std::enable_shared_from_this<Session> {
 public:
  struct Bounds {
    rpc::PeerQuota::Permit permit;  ///< Held until gRPC is done with the session.
    std::int64_t most_beats = 5;    ///< Pings before a registration, at most.
    /// In bytes. A larger deployment is not sent: its job fails for good, with the reason.
    std::uint64_t most_deployment = 48 << 20;
    /// In bytes. Beyond it a deployment fails its job, which may try again; anything else that a
    /// task manager leaves unread there makes it lost.
    std::uint64_t most_unread = 256 << 20;
    /// Asked before each message goes out: a process that was stopped for longer than it may lead
    /// does not send what it had in hand. Empty: always.
    std::function<bool()> leads = {};
  };

  /// `registered` is what a task manager is told once it is accepted.
  static std::shared_ptr<Session> start(DispatcherGateway& dispatcher,
                                        grpc::CallbackServerContext& context,
                                        v1::Registered registered,
                                        Bounds bounds);
  /// For start() only.
  Session(DispatcherGateway& dispatcher,
          grpc::CallbackServerContext& context,
          v1::Registered registered,
          Bounds bounds);

  void send(runtime::TaskManagerOrder order) override;
  void heard(std::uint64_t heartbeat) override;
  void adopt(const runtime::ExecutionId& execution) override;
  void giveUp(const runtime::ExecutionId& execution) override;
  void close(const std::string& reason) override;
  void leave(const std::string& reason) override;

  /// Says that the job manager lives. Gives the connection up when it did not take the final
  /// message since the last ping, and refuses it when no registration has come.
  void ping(std::uint64_t sequence);
  /// Ends the session, before or after a registration.
  void refuse(const std::string& reason, bool retry, bool adoptable = false);

  void OnReadDone(bool read) override;
  void OnWriteDone(bool written) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void push(v1::ToTaskManager message);
  /// Fails the job of `deployment` in place of sending it: `why` gets the host's name.
  template <typename Work>  // A deployment, or handles to discard.
  void sendWork(const Work& work, v1::ToTaskManager message);
  void refuseDeployment(const runtime::ExecutionId& execution,
                        const std::function<std::string(const std::string&)>& why,
                        bool for_good);
  void proceed();
  void enroll(const v1::Registration& message);
  /// Tells the dispatcher, once.
  void lose(const std::string& reason);
  void abandon(const std::string& reason);

  DispatcherGateway& dispatcher_;  // Borrowed from main().
  v1::Registered registered_;
  Bounds bounds_;
  v1::FromTaskManager incoming_;
  Outbox<v1::ToTaskManager> outbox_;
  std::mutex mutex_;
  grpc::CallbackServerContext* context_;  // gRPC's, until OnDone().
  std::optional<TaskManagerId> id_;       // Since the registration was handed on.
  std::string host_;                      // Likewise.
  bool lost_ = false;
  int pings_since_end_ = -1;       // -1: not ended.
  std::shared_ptr<Session> self_;  // Let go by OnDone().
};

}  // namespace weir::jobmanager
