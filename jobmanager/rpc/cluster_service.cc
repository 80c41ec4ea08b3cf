#include "jobmanager/rpc/cluster_service.h"

#include <utility>

#include "cluster.grpc.pb.h"
#include "common/rpc/status.h"
#include "jobmanager/rpc/blob_transfer.h"
#include "jobmanager/rpc/event_stream.h"
#include "jobmanager/rpc/session.h"

namespace weir::jobmanager {
namespace {

// Sessions hold no thread; transfers of files have one each.
using Calls = v1::TaskManagers::WithCallbackMethod_Session<v1::TaskManagers::Service>;

std::uint64_t millis(Duration duration) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

class ClusterService::Impl final : public Calls, public std::enable_shared_from_this<Impl> {
 public:
  Impl(DispatcherGateway& dispatcher,
       blob::BlobStore& blobs,
       concurrency::Executor& timers,
       Settings settings)
      : dispatcher_(dispatcher), blobs_(blobs), timers_(timers), settings_(std::move(settings)) {}

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
    const auto session = jobmanager::Session::start(dispatcher_, *context, std::move(registered));
    if (!sessions_.add(session)) {
      session->refuse("the job manager is stopping", true);
    }
    return session.get();
  }

  grpc::Status GetBlob(grpc::ServerContext* /*context*/,
                       const v1::GetBlobRequest* request,
                       grpc::ServerWriter<v1::Chunk>* stream) override {
    return rpc::toGrpc(sendBlob(blobs_, *request, *stream));
  }

  grpc::Status PutBlob(grpc::ServerContext* /*context*/,
                       grpc::ServerReader<v1::Chunk>* stream,
                       v1::PutBlobReply* reply) override {
    v1::Chunk first;
    if (!stream->Read(&first)) {
      return rpc::toGrpc(Error(ErrorCode::kInvalidArgument, "an upload has no chunk"));
    }
    return rpc::toGrpc(receiveBlob(blobs_, std::move(first), *stream, *reply));
  }

 private:
  DispatcherGateway& dispatcher_;  // Borrowed, like the next two.
  blob::BlobStore& blobs_;
  concurrency::Executor& timers_;
  const Settings settings_;
  OpenStreams<jobmanager::Session> sessions_;
  std::uint64_t sequence_ = 0;  // These three on the executor of the timers.
  bool stopped_ = false;
  std::unique_ptr<concurrency::Executor::Timer> timer_;
};

ClusterService::ClusterService(DispatcherGateway& dispatcher,
                               blob::BlobStore& blobs,
                               concurrency::Executor& timers,
                               Settings settings)
    : impl_(std::make_shared<Impl>(dispatcher, blobs, timers, std::move(settings))) {
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
