#include "jobmanager/rpc/cluster_service.h"

#include <utility>

#include "cluster.grpc.pb.h"
#include "common/rpc/status.h"
#include "jobmanager/rpc/event_stream.h"
#include "jobmanager/rpc/session.h"

namespace weir::jobmanager {
namespace {

using TaskManagerCalls = v1::TaskManagers::CallbackService;  // A call that waits holds no thread.

std::uint64_t millis(Duration duration) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

class ClusterService::Impl final : public TaskManagerCalls,
                                   public std::enable_shared_from_this<Impl> {
 public:
  Impl(DispatcherGateway& dispatcher,
       Transfers& transfers,
       rpc::PeerQuota& calls,
       concurrency::Executor& timers,
       Settings settings)
      : dispatcher_(dispatcher),
        transfers_(transfers),
        calls_(calls),
        timers_(timers),
        settings_(std::move(settings)) {}

  /// On the executor of the timers.
  void beat() {
    if (stopped_) {
      return;
    }
    ++sequence_;
    for (const auto& session : sessions_.all()) {
      session->ping(sequence_);
    }
    timer_ = timers_.schedule(settings_.heartbeat_interval, [weak = weak_from_this()] {
      if (const auto impl = weak.lock()) {
        impl->beat();
      }
    });
  }

  void stop(const std::string& reason) {
    timers_.post([impl = shared_from_this()] {
      impl->stopped_ = true;
      impl->timer_.reset();
    });
    sessions_.close();
    for (const auto& session : sessions_.all()) {
      session->refuse(reason, true);
    }
  }

  grpc::ServerBidiReactor<v1::FromTaskManager, v1::ToTaskManager>* Session(
      grpc::CallbackServerContext* context) override {
    v1::Registered registered;
    registered.set_heartbeat_interval_millis(millis(settings_.heartbeat_interval));
    registered.set_heartbeat_timeout_millis(millis(settings_.heartbeat_timeout));
    registered.set_version(settings_.version);
    registered.set_max_message_bytes(settings_.max_message);
    registered.set_leader_epoch(settings_.epoch.value());
    registered.set_adoption_timeout_millis(millis(settings_.adoption_timeout));
    auto permit = calls_.take(context->peer());
    const auto session = jobmanager::Session::start(
        dispatcher_,
        *context,
        std::move(registered),
        {.permit = permit.has_value() ? *permit : nullptr,
         .most_beats = settings_.registration_timeout / settings_.heartbeat_interval + 1,
         .most_deployment = settings_.max_deployment,
         .most_unread = settings_.max_unread,
         .leads = settings_.leads});
    if (!permit.has_value()) {
      session->refuse(permit.error().text(), true);
    } else if (!sessions_.add(session)) {
      session->refuse("the job manager is stopping", true);
    }
    return session.get();
  }

  grpc::ServerWriteReactor<v1::Chunk>* GetBlob(grpc::CallbackServerContext* context,
                                               const v1::GetBlobRequest* request) override {
    return transfers_.send(*context, *request);
  }

  grpc::ServerReadReactor<v1::Chunk>* PutBlob(grpc::CallbackServerContext* context,
                                              v1::PutBlobReply* reply) override {
    return transfers_.receive(*context, *reply, {});
  }

 private:
  DispatcherGateway& dispatcher_;  // Borrowed, like the next three.
  Transfers& transfers_;
  rpc::PeerQuota& calls_;
  concurrency::Executor& timers_;
  const Settings settings_;
  OpenStreams<jobmanager::Session> sessions_;
  std::uint64_t sequence_ = 0;  // These three on the executor of the timers.
  bool stopped_ = false;
  std::unique_ptr<concurrency::Executor::Timer> timer_;
};

ClusterService::ClusterService(DispatcherGateway& dispatcher,
                               Transfers& transfers,
                               rpc::PeerQuota& calls,
                               concurrency::Executor& timers,
                               Settings settings)
    : impl_(std::make_shared<Impl>(dispatcher, transfers, calls, timers, std::move(settings))) {
  timers.post([weak = std::weak_ptr(impl_)] {
    if (const auto impl = weak.lock()) {
      impl->beat();
    }
  });
}
ClusterService::~ClusterService() = default;

grpc::Service& ClusterService::service() { return *impl_; }
void ClusterService::stop(const std::string& reason) { impl_->stop(reason); }

}  // namespace weir::jobmanager
