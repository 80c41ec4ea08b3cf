#include "jobmanager/rpc/client_service.h"

#include <optional>

#include "client.grpc.pb.h"
#include "common/rpc/status.h"
#include "common/wire/checkpoint_report.h"
#include "common/wire/client_messages.h"
#include "common/wire/deployment.h"
#include "jobmanager/rpc/blob_transfer.h"
#include "jobmanager/rpc/event_stream.h"

namespace weir::jobmanager {
namespace {

using ClientCalls = v1::JobManager::CallbackService;  // A call that waits holds no thread.
using JobEvents = EventStream<v1::JobEvent>;
using SavepointEvents = EventStream<v1::SavepointEvent>;
using UpgradeEvents = EventStream<v1::UpgradeEvent>;

/// A call with one answer that is being worked on.
struct Call {
  grpc::ServerUnaryReactor* reactor;  // gRPC's, until it is finished.
  rpc::PeerQuota::Permit permit;
};

/// Calls `start`, unless the protocol is another one or too many calls are open; its error
/// ends the call.
template <typename Request, typename Start>
grpc::ServerUnaryReactor* unary(rpc::PeerQuota& calls,
                                grpc::CallbackServerContext* context,
                                const Request& request,
                                Start start) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const auto started = [&]() -> Status {
    WEIR_RETURN_IF_ERROR(wire::checkClientProtocol(request.protocol()));
    WEIR_TRY(auto permit, calls.take(context->peer()));
    return start(Call{reactor, std::move(permit)});
  }();
  if (!started.has_value()) {
    reactor->Finish(rpc::toGrpc(started));
  }
  return reactor;
}

/// Answers with `fill(value)` when all went well. gRPC keeps reactor and reply until then.
template <typename T, typename Fill>
Callback<T> answer(const Call& call, Fill fill) {
  return [call, fill](Result<T> result) {
    if (result.has_value()) {
      fill(*result);
      call.reactor->Finish(grpc::Status::OK);
    } else {
      call.reactor->Finish(rpc::toGrpc(result.error()));
    }
  };
}

}  // namespace

class ClientService::Impl final : public ClientCalls {
 public:
  Impl(DispatcherGateway& dispatcher,
       blob::BlobStore& blobs,
       Transfers& transfers,
       rpc::PeerQuota& calls)
      : dispatcher_(dispatcher), blobs_(blobs), transfers_(transfers), calls_(calls) {}

  void stop(const Error& why) {
    const Status ended = why;
    stopped_ = why;  // Before the streams are closed, after which it is read.
    endAll(followers_, ended);
    endAll(savepoints_, ended);
    endAll(upgrades_, ended);
  }

  grpc::ServerUnaryReactor* HasBlobs(grpc::CallbackServerContext* context,
                                     const v1::HasBlobsRequest* request,
                                     v1::HasBlobsReply* reply) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(rpc::toGrpc(hasBlobs(*request, *reply)));
    return reactor;
  }

  grpc::ServerReadReactor<v1::Chunk>* PutBlob(grpc::CallbackServerContext* context,
                                              v1::PutBlobReply* reply) override {
    return transfers_.receive(*context, *reply, [](const v1::Chunk& first) -> Status {
      WEIR_RETURN_IF_ERROR(wire::checkClientProtocol(first.header().protocol()));
      return first.header().state()
                 ? Status(Error(ErrorCode::kInvalidArgument,
                                "only task managers upload state; a client uploads files"))
                 : ok();
    });
  }

  grpc::ServerUnaryReactor* Submit(grpc::CallbackServerContext* context,
                                   const v1::SubmitRequest* request,
                                   v1::SubmitReply* reply) override {
    return unary(calls_, context, *request, [&](const Call& call) -> Status {
      WEIR_TRY(auto submit, wire::fromProto(*request));
      dispatcher_.submit(std::move(submit),
                         answer<runtime::SubmitReply>(
                             call, [reply](const auto& value) { *reply = wire::toProto(value); }));
      return ok();
    });
  }

  grpc::ServerUnaryReactor* ListJobs(grpc::CallbackServerContext* context,
                                     const v1::ListJobsRequest* request,
                                     v1::ListJobsReply* reply) override {
    return unary(calls_, context, *request, [&](const Call& call) -> Status {
      dispatcher_.list(
          answer<std::vector<runtime::JobSummary>>(call, [reply](const auto& summaries) {
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
    return unary(calls_, context, *request, [&](const Call& call) -> Status {
      WEIR_TRY(const auto job, JobId::fromBytes(request->job()));
      dispatcher_.cancel(job, answer<std::monostate>(call, [](const auto&) {}));
      return ok();
    });
  }

  grpc::ServerUnaryReactor* Dispose(grpc::CallbackServerContext* context,
                                    const v1::DisposeRequest* request,
                                    v1::DisposeReply* reply) override {
    return unary(calls_, context, *request, [&](const Call& call) -> Status {
      WEIR_TRY(auto dispose, wire::fromProto(*request));
      dispatcher_.dispose(std::move(dispose),
                          answer<runtime::DisposeReply>(
                              call, [reply](const auto& value) { *reply = wire::toProto(value); }));
      return ok();
    });
  }

  grpc::ServerUnaryReactor* ListCheckpoints(grpc::CallbackServerContext* context,
                                            const v1::ListCheckpointsRequest* request,
                                            v1::ListCheckpointsReply* reply) override {
    return unary(calls_, context, *request, [&](const Call& call) -> Status {
      WEIR_TRY(const auto job, JobId::fromBytes(request->job()));
      std::optional<CheckpointId> which;
      if (request->checkpoint() != 0) {
        which = CheckpointId(request->checkpoint());
      }
      dispatcher_.checkpoints(
          job,
          which,
          answer<std::vector<runtime::CheckpointReport>>(call, [reply](const auto& reports) {
            for (const runtime::CheckpointReport& report : reports) {
              *reply->add_checkpoints() = wire::toProto(report);
            }
          }));
      return ok();
    });
  }

  grpc::ServerUnaryReactor* ListSavepoints(grpc::CallbackServerContext* context,
                                           const v1::ListSavepointsRequest* request,
                                           v1::ListSavepointsReply* reply) override {
    return unary(calls_, context, *request, [&](const Call& call) -> Status {
      dispatcher_.listSavepoints(
          answer<std::vector<runtime::SavepointInfo>>(call, [reply](const auto& infos) {
            for (const runtime::SavepointInfo& info : infos) {
              *reply->add_savepoints() = wire::toProto(info);
            }
          }));
      return ok();
    });
  }

  grpc::ServerWriteReactor<v1::JobEvent>* Follow(grpc::CallbackServerContext* context,
                                                 const v1::FollowRequest* request) override {
    return stream(followers_, *context, [&](const std::shared_ptr<JobEvents>& events) {
      return follow(*request, events);
    });
  }

  grpc::ServerWriteReactor<v1::SavepointEvent>* Savepoint(
      grpc::CallbackServerContext* context, const v1::SavepointRequest* request) override {
    return stream(savepoints_, *context, [&](const std::shared_ptr<SavepointEvents>& events) {
      return savepoint(*request, events);
    });
  }

  grpc::ServerWriteReactor<v1::UpgradeEvent>* Upgrade(grpc::CallbackServerContext* context,
                                                      const v1::UpgradeRequest* request) override {
    return stream(upgrades_, *context, [&](const std::shared_ptr<UpgradeEvents>& events) {
      return upgrade(*request, events);
    });
  }

 private:
  template <typename Events>
  static void endAll(OpenStreams<Events>& streams, const Status& ended) {
    streams.close();
    for (const auto& stream : streams.all()) {
      stream->end(ended);
    }
  }

  /// Opens a stream and calls `start`, whose error ends it.
  template <typename Events, typename Start>
  Events* stream(OpenStreams<Events>& streams, grpc::CallbackServerContext& context, Start start) {
    auto permit = calls_.take(context.peer());
    const auto events = Events::make(permit.has_value() ? *permit : nullptr);
    Events* const reactor = events.get();
    Status started = permit.has_value() ? ok() : Status(permit.error());
    if (started && !streams.add(events)) {
      started = *stopped_;  // Who comes late hears what those heard who were there.
    }
    if (started) {
      started = start(events);
    }
    if (!started) {
      events->end(started);
    }
    return reactor;
  }

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

  /// What happens goes to who is still there.
  template <typename Event, typename Notice, typename Stream>
  static auto tells(const std::shared_ptr<Stream>& stream) {
    return [weak = std::weak_ptr(stream)](const Notice& notice) {
      if (const auto to = weak.lock()) {
        to->push(wire::toProto(Event(notice)));
      }
    };
  }
  /// The answer, which is the last event, or why there is none.
  template <typename Event, typename Reply, typename Stream>
  static auto ends(const std::shared_ptr<Stream>& stream) {
    return [stream](const Result<Reply>& reply) {
      if (reply.has_value()) {
        stream->push(wire::toProto(Event(*reply)));
        stream->end(ok());
      } else {
        stream->end(reply.error());
      }
    };
  }

  Status savepoint(const v1::SavepointRequest& request,
                   const std::shared_ptr<SavepointEvents>& stream) {
    WEIR_RETURN_IF_ERROR(wire::checkClientProtocol(request.protocol()));
    WEIR_TRY(auto savepoint, wire::fromProto(request));
    dispatcher_.savepoint(std::move(savepoint),
                          tells<runtime::SavepointEvent, runtime::SavepointProgress>(stream),
                          ends<runtime::SavepointEvent, runtime::SavepointResult>(stream));
    return ok();
  }

  Status upgrade(const v1::UpgradeRequest& request, const std::shared_ptr<UpgradeEvents>& stream) {
    WEIR_RETURN_IF_ERROR(wire::checkClientProtocol(request.protocol()));
    WEIR_TRY(auto upgrade, wire::fromProto(request));
    dispatcher_.upgrade(std::move(upgrade),
                        tells<runtime::UpgradeEvent, runtime::UpgradeNotice>(stream),
                        ends<runtime::UpgradeEvent, runtime::UpgradeReply>(stream));
    return ok();
  }

  DispatcherGateway& dispatcher_;  // Borrowed, like the next three.
  blob::BlobStore& blobs_;
  Transfers& transfers_;
  rpc::PeerQuota& calls_;
  std::optional<Error> stopped_;
  OpenStreams<JobEvents> followers_;
  OpenStreams<SavepointEvents> savepoints_;
  OpenStreams<UpgradeEvents> upgrades_;
};

ClientService::ClientService(DispatcherGateway& dispatcher,
                             blob::BlobStore& blobs,
                             Transfers& transfers,
                             rpc::PeerQuota& calls)
    : impl_(std::make_unique<Impl>(dispatcher, blobs, transfers, calls)) {}
ClientService::~ClientService() = default;

grpc::Service& ClientService::service() { return *impl_; }
void ClientService::stop(const Error& why) { impl_->stop(why); }

}  // namespace weir::jobmanager
