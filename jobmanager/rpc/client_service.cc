#include "jobmanager/rpc/client_service.h"

#include "client.grpc.pb.h"
#include "common/rpc/status.h"
#include "common/wire/client_messages.h"
#include "common/wire/deployment.h"
#include "jobmanager/rpc/blob_transfer.h"
#include "jobmanager/rpc/event_stream.h"

namespace weir::jobmanager {
namespace {

using Base = v1::JobManager;
// Calls that wait for the dispatcher hold no thread; those that move files have one each.
using Calls = Base::WithCallbackMethod_Submit<Base::WithCallbackMethod_Follow<
    Base::WithCallbackMethod_ListJobs<Base::WithCallbackMethod_Cancel<
        Base::WithCallbackMethod_Savepoint<Base::WithCallbackMethod_Dispose<
            Base::WithCallbackMethod_ListSavepoints<Base::Service>>>>>>>;
using JobEvents = EventStream<v1::JobEvent>;
using SavepointEvents = EventStream<v1::SavepointEvent>;

/// Calls `start`, unless the protocol is another one; its error ends the call.
template <typename Request, typename Start>
grpc::ServerUnaryReactor* unary(grpc::CallbackServerContext* context,
                                const Request& request,
                                Start start) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const auto started = [&]() -> Status {
    WEIR_RETURN_IF_ERROR(wire::checkClientProtocol(request.protocol()));
    return start(reactor);
  }();
  if (!started.has_value()) {
    reactor->Finish(rpc::toGrpc(started));
  }
  return reactor;
}

/// Answers with `fill(value)` when all went well. gRPC keeps reactor and reply until then.
template <typename T, typename Fill>
Callback<T> answer(grpc::ServerUnaryReactor* reactor, Fill fill) {
  return [reactor, fill](Result<T> result) {
    if (result.has_value()) {
      fill(*result);
      reactor->Finish(grpc::Status::OK);
    } else {
      reactor->Finish(rpc::toGrpc(result.error()));
    }
  };
}

}  // namespace

class ClientService::Impl final : public Calls {
 public:
  Impl(DispatcherGateway& dispatcher, blob::BlobStore& blobs)
      : dispatcher_(dispatcher), blobs_(blobs) {}

  void stop(const std::string& reason) {
    const Status ended = Error(ErrorCode::kUnavailable, reason);
    followers_.close();
    savepoints_.close();
    for (const auto& stream : followers_.all()) {
      stream->end(ended);
    }
    for (const auto& stream : savepoints_.all()) {
      stream->end(ended);
    }
  }

  grpc::Status HasBlobs(grpc::ServerContext* /*context*/,
                        const v1::HasBlobsRequest* request,
                        v1::HasBlobsReply* reply) override {
    return rpc::toGrpc(hasBlobs(*request, *reply));
  }

  grpc::Status PutBlob(grpc::ServerContext* /*context*/,
                       grpc::ServerReader<v1::Chunk>* stream,
                       v1::PutBlobReply* reply) override {
    v1::Chunk first;
    if (!stream->Read(&first)) {
      return rpc::toGrpc(Error(ErrorCode::kInvalidArgument, "an upload has no chunk"));
    }
    const Status known = wire::checkClientProtocol(first.header().protocol());
    return rpc::toGrpc(known ? receiveBlob(blobs_, std::move(first), *stream, *reply) : known);
  }

  grpc::ServerUnaryReactor* Submit(grpc::CallbackServerContext* context,
                                   const v1::SubmitRequest* request,
                                   v1::SubmitReply* reply) override {
    return unary(context, *request, [&](grpc::ServerUnaryReactor* reactor) -> Status {
      WEIR_TRY(auto submit, wire::fromProto(*request));
      dispatcher_.submit(std::move(submit),
                         answer<runtime::SubmitReply>(reactor, [reply](const auto& value) {
                           *reply = wire::toProto(value);
                         }));
      return ok();
    });
  }

  grpc::ServerUnaryReactor* ListJobs(grpc::CallbackServerContext* context,
                                     const v1::ListJobsRequest* request,
                                     v1::ListJobsReply* reply) override {
    return unary(context, *request, [&](grpc::ServerUnaryReactor* reactor) -> Status {
      dispatcher_.list(
          answer<std::vector<runtime::JobSummary>>(reactor, [reply](const auto& summaries) {
            for (const runtime::JobSummary& summary : summaries) {
              *reply->add_jobs() = wire::toProto(summary);
            }
          }));
      return ok();
    });
  }

  grpc::ServerUnaryReactor* Cancel(grpc::CallbackServerContext* context,
                                   const v1::CancelRequest* request,
                                   v1::CancelReply* /*reply*/) override {
    return unary(context, *request, [&](grpc::ServerUnaryReactor* reactor) -> Status {
      WEIR_TRY(const auto job, JobId::fromBytes(request->job()));
      dispatcher_.cancel(job, answer<std::monostate>(reactor, [](const auto&) {}));
      return ok();
    });
  }

  grpc::ServerUnaryReactor* Dispose(grpc::CallbackServerContext* context,
                                    const v1::DisposeRequest* request,
                                    v1::DisposeReply* reply) override {
    return unary(context, *request, [&](grpc::ServerUnaryReactor* reactor) -> Status {
      WEIR_TRY(auto dispose, wire::fromProto(*request));
      dispatcher_.dispose(std::move(dispose),
                          answer<runtime::DisposeReply>(reactor, [reply](const auto& value) {
                            *reply = wire::toProto(value);
                          }));
      return ok();
    });
  }

  grpc::ServerUnaryReactor* ListSavepoints(grpc::CallbackServerContext* context,
                                           const v1::ListSavepointsRequest* request,
                                           v1::ListSavepointsReply* reply) override {
    return unary(context, *request, [&](grpc::ServerUnaryReactor* reactor) -> Status {
      dispatcher_.listSavepoints(
          answer<std::vector<runtime::SavepointInfo>>(reactor, [reply](const auto& infos) {
            for (const runtime::SavepointInfo& info : infos) {
              *reply->add_savepoints() = wire::toProto(info);
            }
          }));
      return ok();
    });
  }

  grpc::ServerWriteReactor<v1::JobEvent>* Follow(grpc::CallbackServerContext* /*context*/,
                                                 const v1::FollowRequest* request) override {
    const auto stream = JobEvents::make();
    JobEvents* const reactor = stream.get();
    const bool open = followers_.add(stream);
    if (const Status started = open ? follow(*request, stream) : stopping(); !started) {
      stream->end(started);
    }
    return reactor;
  }

  grpc::ServerWriteReactor<v1::SavepointEvent>* Savepoint(
      grpc::CallbackServerContext* /*context*/, const v1::SavepointRequest* request) override {
    const auto stream = SavepointEvents::make();
    SavepointEvents* const reactor = stream.get();
    const bool open = savepoints_.add(stream);
    if (const Status started = open ? savepoint(*request, stream) : stopping(); !started) {
      stream->end(started);
    }
    return reactor;
  }

 private:
  static Status stopping() { return Error(ErrorCode::kUnavailable, "the job manager is stopping"); }

  Status hasBlobs(const v1::HasBlobsRequest& request, v1::HasBlobsReply& reply) {
    WEIR_RETURN_IF_ERROR(wire::checkClientProtocol(request.protocol()));
    for (int i = 0; i < request.blobs_size(); ++i) {
      WEIR_TRY(const auto key, wire::fromProto(request.blobs(i)));
      if (!blobs_.has(key)) {
        reply.add_missing(static_cast<std::uint32_t>(i));
      }
    }
    return ok();
  }

  Status follow(const v1::FollowRequest& request, const std::shared_ptr<JobEvents>& stream) {
    WEIR_RETURN_IF_ERROR(wire::checkClientProtocol(request.protocol()));
    WEIR_TRY(const auto job, JobId::fromBytes(request.job()));
    dispatcher_.follow(
        job,
        [weak = std::weak_ptr(stream)](const runtime::JobEvent& event) {
          const auto to = weak.lock();
          if (!to || !to->push(wire::toProto(event))) {
            return false;
          }
          if (std::holds_alternative<runtime::JobResult>(event)) {
            to->end(ok());
          }
          return true;
        },
        [stream](const Result<std::monostate>& subscribed) {
          if (!subscribed.has_value()) {
            stream->end(subscribed);
          }
        });
    return ok();
  }

  Status savepoint(const v1::SavepointRequest& request,
                   const std::shared_ptr<SavepointEvents>& stream) {
    WEIR_RETURN_IF_ERROR(wire::checkClientProtocol(request.protocol()));
    WEIR_TRY(auto savepoint, wire::fromProto(request));
    dispatcher_.savepoint(
        std::move(savepoint),
        [weak = std::weak_ptr(stream)](const runtime::SavepointProgress& progress) {
          if (const auto to = weak.lock()) {
            to->push(wire::toProto(runtime::SavepointEvent(progress)));
          }
        },
        [stream](const Result<runtime::SavepointResult>& result) {
          if (result.has_value()) {
            stream->push(wire::toProto(runtime::SavepointEvent(*result)));
            stream->end(ok());
          } else {
            stream->end(result.error());
          }
        });
    return ok();
  }

  DispatcherGateway& dispatcher_;  // Borrowed, like the blobs.
  blob::BlobStore& blobs_;
  OpenStreams<JobEvents> followers_;
  OpenStreams<SavepointEvents> savepoints_;
};

ClientService::ClientService(DispatcherGateway& dispatcher, blob::BlobStore& blobs)
    : impl_(std::make_unique<Impl>(dispatcher, blobs)) {}
ClientService::~ClientService() = default;

grpc::Service& ClientService::service() { return *impl_; }
void ClientService::stop(const std::string& reason) { impl_->stop(reason); }

}  // namespace weir::jobmanager
