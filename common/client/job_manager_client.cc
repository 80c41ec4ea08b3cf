#include "common/client/job_manager_client.h"

#include <thread>

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include "client.grpc.pb.h"
#include "common/client/http_probe.h"
#include "common/fs/file_systems.h"
#include "common/rpc/chunks.h"
#include "common/rpc/status.h"
#include "common/runtime/leader_change.h"
#include "common/wire/checkpoint_report.h"
#include "common/wire/client_messages.h"
#include "common/wire/deployment.h"

namespace weir::client {
namespace {

/// A savepoint may take as long as the job's checkpoint timeout; Flink's client waits an hour.
constexpr auto kLongest = std::chrono::hours(1);
constexpr auto kAskAgain = std::chrono::milliseconds(200);
constexpr int kMostMoves = 3;  // To leaders that were named, before a pause.

/// Reading blocks; an interruption ends the call from beside. Ends with the thread's destructor.
std::jthread cancelWhen(const std::atomic<bool>& interrupted, grpc::ClientContext& context) {
  return std::jthread([&](const std::stop_token& done) {
    while (!done.stop_requested() && !interrupted.load()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    if (interrupted.load()) {
      context.TryCancel();
    }
  });
}

void setDeadline(grpc::ClientContext& context, Duration timeout) {
  context.set_deadline(rpc::deadlineIn(timeout));
}

}  // namespace

struct JobManagerClient::State {
  static constexpr std::string_view kLookIntoLog =
      "look into the job manager's log whether it still runs";

  State(const rpc::Address& address, const config::Security& security)
      : route({address}, security) {}

  mutable rpc::LeaderRoute route;
  Duration call_timeout{};
  FailOver fail_over;

  /// For one call, whose context keeps the channel.
  std::unique_ptr<v1::JobManager::Stub> stub() const {
    return v1::JobManager::NewStub(route.current().channel);
  }
  Error explain(const grpc::Status& status) const {
    Error error = rpc::errorFromGrpc(status);
    // So gRPC ends the calls that a server which stops has not answered; who is interrupted on our
    // side says so itself.
    if (status.error_code() == grpc::StatusCode::CANCELLED && status.error_details().empty()) {
      error = Error(ErrorCode::kUnavailable, "it stopped before it had answered");
    }
    // With details the job manager has answered, and the sentence is its own.
    const bool unreachable =
        error.code() == ErrorCode::kUnavailable && status.error_details().empty();
    if (unreachable) {
      return std::move(error)
          .during("job manager at " + route.current().address.text())
          .advise(std::string(kLookIntoLog));
    }
    return error;
  }
  Status check(const grpc::Status& status) const {
    return status.ok() ? ok() : Status(explain(status));
  }
  /// Nobody answered, or somebody who does not lead any more.
  static bool gone(const Error& error) {
    return runtime::isLeaderChange(error) || runtime::leaderNamedBy(error) ||
           (error.code() == ErrorCode::kUnavailable && error.advice() == kLookIntoLog);
  }
  /// True when another one leads, as who was asked says, or who knows.
  bool leaderMoved(const Error& error) const {
    const auto named = runtime::leaderNamedBy(error);
    if (!named && !fail_over.locate) {
      return false;
    }
    const Result<rpc::Address> leader = named ? rpc::parseAddress(*named) : fail_over.locate();
    return leader && route.follow(*leader);
  }
  /// A call that waits for nothing but an answer.
  template <typename Call>
  Status once(const Call& call, Duration timeout) const {
    grpc::ClientContext context;
    setDeadline(context, timeout);
    return check(call(context));
  }
  template <typename Call>
  Status unary(const Call& call) const {
    return ask([&] { return once(call, call_timeout); });
  }
  /// Asks the next job manager as well when one goes away. `heard` counts what a call that takes
  /// long has got from a job manager: each one that gave something has its own time to be followed.
  template <typename Call>
  auto ask(const Call& call,
           const std::atomic<bool>* interrupted = nullptr,
           const std::uint64_t* heard = nullptr) const {
    SteadyTime until;
    std::optional<std::uint64_t> heard_before;
    int moves = 0;
    for (;;) {
      auto answer = call();
      const SteadyTime now = std::chrono::steady_clock::now();
      if (answer || !gone(answer.error()) || (interrupted != nullptr && interrupted->load())) {
        return answer;
      }
      if (moves < kMostMoves && leaderMoved(answer.error())) {
        ++moves;
        continue;
      }
      moves = 0;
      const std::uint64_t heard_now = heard == nullptr ? 0 : *heard;
      if (heard_before != heard_now) {
        heard_before = heard_now;
        until = now + fail_over.longest;
        if (until > now && fail_over.waits) {
          fail_over.waits(route.current().address);
        }
      }
      if (now >= until) {
        return answer;
      }
      std::this_thread::sleep_for(kAskAgain);
    }
  }
};

namespace {

Error explainRefusal(const rpc::Address& address, Error error) {
  switch (probe(address)) {
    case Listener::kHttp:
      return Error(ErrorCode::kUnavailable, address.text() + " answers HTTP, not the command")
          .advise(
              "-m takes the port of jobmanager.rpc.port (6123 unless configured), not "
              "jobmanager.web.port");
    case Listener::kOther:
      return Error(ErrorCode::kUnavailable,
                   "who listens at " + address.text() + " does not answer as a job manager")
          .advise(
              "name a job manager's jobmanager.rpc.port with -m HOST:PORT; if it is one, it is "
              "stopped or overloaded: look into its log, and try again");
    case Listener::kNone:
      break;
  }
  return std::move(error).advise(
      "start the cluster with start-cluster.sh, or name its job manager with -m HOST:PORT");
}

}  // namespace

JobManagerClient::JobManagerClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
JobManagerClient::~JobManagerClient() = default;

Result<std::unique_ptr<JobManagerClient>> JobManagerClient::connect(
    const rpc::Address& address,
    const config::Security& security,
    Duration timeout,
    Duration call_timeout,
    FailOver fail_over) {
  auto state = std::make_unique<State>(address, security);
  state->call_timeout = call_timeout;
  state->fail_over = std::move(fail_over);
  Status connected = state->ask([&]() -> Status {
    const rpc::LeaderRoute::Way way = state->route.current();
    Status once = rpc::waitForConnection(*way.channel, way.address, timeout);
    return once ? ok() : Status(std::move(once).error().advise(std::string(State::kLookIntoLog)));
  });
  if (!connected) {
    return explainRefusal(state->route.current().address, std::move(connected).error());
  }
  return std::unique_ptr<JobManagerClient>(new JobManagerClient(std::move(state)));
}

namespace {

Status uploadOne(v1::JobManager::Stub& stub,
                 const runtime::BlobKey& key,
                 const std::string& path,
                 const std::function<Error(const grpc::Status&)>& explain) {
  fs::FileSystems files;
  WEIR_TRY(const auto file, files.open(path));
  grpc::ClientContext context;
  setDeadline(context, std::chrono::minutes(10));
  v1::PutBlobReply reply;
  const auto writer = stub.PutBlob(&context, &reply);
  v1::Chunk first;
  first.mutable_header()->set_protocol(wire::kClientProtocol);
  *first.mutable_header()->mutable_blob() = wire::toProto(key);
  bool open = writer->Write(first);
  for (std::uint64_t at = 0; open && at < file->size();) {
    const std::uint64_t length = std::min<std::uint64_t>(rpc::kChunkBytes, file->size() - at);
    WEIR_TRY(std::string bytes, file->read(at, length));
    v1::Chunk chunk;
    chunk.set_data(std::move(bytes));
    open = writer->Write(chunk);
    at += length;
  }
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (!status.ok()) {
    return explain(status).during("upload " + path);
  }
  return ok();
}

}  // namespace

Status JobManagerClient::upload(
    const std::vector<std::pair<runtime::BlobKey, std::string>>& files) {
  return state_->ask([&] { return uploadMissing(files); });
}

Status JobManagerClient::uploadMissing(
    const std::vector<std::pair<runtime::BlobKey, std::string>>& files) {
  v1::HasBlobsRequest request;
  request.set_protocol(wire::kClientProtocol);
  for (const auto& [key, path] : files) {
    *request.add_blobs() = wire::toProto(key);
  }
  grpc::ClientContext context;
  setDeadline(context, state_->call_timeout);
  v1::HasBlobsReply reply;
  WEIR_RETURN_IF_ERROR(state_->check(state_->stub()->HasBlobs(&context, request, &reply)));
  for (const std::uint32_t index : reply.missing()) {
    if (index >= files.size()) {
      return Error(ErrorCode::kInternal, "the job manager misses a file that was not offered");
    }
    WEIR_RETURN_IF_ERROR(uploadOne(
        *state_->stub(), files[index].first, files[index].second, [this](const grpc::Status& s) {
          return state_->explain(s);
        }));
  }
  return ok();
}

Result<runtime::SubmitReply> JobManagerClient::submit(const runtime::SubmitRequest& request) {
  const v1::SubmitRequest message = wire::toProto(request);
  v1::SubmitReply reply;
  WEIR_RETURN_IF_ERROR(state_->unary([&](grpc::ClientContext& context) {
    return state_->stub()->Submit(&context, message, &reply);
  }));
  return wire::fromProto(reply);
}

Status JobManagerClient::follow(const JobId& job,
                                const std::function<bool(const runtime::JobEvent&)>& sink,
                                const std::atomic<bool>& interrupted,
                                const std::function<Status()>& resumed) {
  bool first = true;
  std::uint64_t heard = 0;
  return state_->ask(
      [&]() -> Status {
        if (!std::exchange(first, false) && resumed) {
          WEIR_RETURN_IF_ERROR(resumed());
        }
        const auto counted = [&](const runtime::JobEvent& event) {
          ++heard;
          return sink(event);
        };
        return followOnce(job, counted, interrupted);
      },
      &interrupted,
      &heard);
}

Status JobManagerClient::followOnce(const JobId& job,
                                    const std::function<bool(const runtime::JobEvent&)>& sink,
                                    const std::atomic<bool>& interrupted) {
  v1::FollowRequest request;
  request.set_protocol(wire::kClientProtocol);
  request.set_job(std::string(job.view()));
  grpc::ClientContext context;
  const std::jthread watcher = cancelWhen(interrupted, context);
  const auto reader = state_->stub()->Follow(&context, request);
  v1::JobEvent message;
  bool wanted = true;
  Status decoded = ok();
  while (wanted && reader->Read(&message)) {
    auto event = wire::fromProto(message);
    if (!event) {
      decoded = std::move(event).error();
      break;
    }
    wanted = sink(*event);
  }
  if (!wanted || !decoded) {
    context.TryCancel();
    (void)reader->Finish();
    return decoded;
  }
  return state_->check(reader->Finish());
}

Result<std::vector<runtime::JobSummary>> JobManagerClient::list(std::optional<Duration> within) {
  v1::ListJobsRequest request;
  request.set_protocol(wire::kClientProtocol);
  v1::ListJobsReply reply;
  const auto call = [&](grpc::ClientContext& context) {
    return state_->stub()->ListJobs(&context, request, &reply);
  };
  WEIR_RETURN_IF_ERROR(within ? state_->once(call, *within) : state_->unary(call));
  std::vector<runtime::JobSummary> jobs;
  for (const v1::JobSummary& message : reply.jobs()) {
    WEIR_TRY(auto job, wire::fromProto(message));
    jobs.push_back(std::move(job));
  }
  return jobs;
}

Status JobManagerClient::cancel(const JobId& job) {
  v1::CancelRequest request;
  request.set_protocol(wire::kClientProtocol);
  request.set_job(std::string(job.view()));
  v1::CancelReply reply;
  return state_->unary([&](grpc::ClientContext& context) {
    return state_->stub()->Cancel(&context, request, &reply);
  });
}

Result<runtime::SavepointResult> JobManagerClient::savepoint(
    const runtime::SavepointRequest& request,
    const std::function<void(const runtime::SavepointProgress&)>& progress,
    const std::atomic<bool>& interrupted) {
  return state_->ask([&] { return savepointOnce(request, progress, interrupted); }, &interrupted);
}

Result<runtime::SavepointResult> JobManagerClient::savepointOnce(
    const runtime::SavepointRequest& request,
    const std::function<void(const runtime::SavepointProgress&)>& progress,
    const std::atomic<bool>& interrupted) {
  grpc::ClientContext context;
  setDeadline(context, kLongest);
  const std::jthread watcher = cancelWhen(interrupted, context);
  const auto reader = state_->stub()->Savepoint(&context, wire::toProto(request));
  std::optional<runtime::SavepointResult> result;
  v1::SavepointEvent message;
  while (reader->Read(&message)) {
    WEIR_TRY(auto event, wire::fromProto(message));
    if (auto* end = std::get_if<runtime::SavepointResult>(&event)) {
      result = std::move(*end);
    } else {
      progress(std::get<runtime::SavepointProgress>(event));
    }
  }
  const grpc::Status ended = reader->Finish();
  if (!ended.ok() && interrupted.load()) {
    return Error(ErrorCode::kCancelled, "interrupted, and the savepoint goes on")
        .advise("'weir savepoint list' shows it once it is complete");
  }
  WEIR_RETURN_IF_ERROR(state_->check(ended));
  if (!result) {
    return Error(ErrorCode::kInternal, "the job manager ended the call without a result");
  }
  return *std::move(result);
}

Result<runtime::UpgradeReply> JobManagerClient::upgrade(const runtime::UpgradeRequest& request,
                                                        const runtime::UpgradeNoticeSink& told,
                                                        const std::atomic<bool>& interrupted) {
  const v1::UpgradeRequest message = wire::toProto(request);
  std::uint64_t heard = 0;
  const auto once = [&]() -> Result<runtime::UpgradeReply> {
    grpc::ClientContext context;
    setDeadline(context, kLongest);
    const std::jthread watcher = cancelWhen(interrupted, context);
    const auto reader = state_->stub()->Upgrade(&context, message);
    std::optional<runtime::UpgradeReply> reply;
    v1::UpgradeEvent read;
    while (reader->Read(&read)) {
      WEIR_TRY(auto event, wire::fromProto(read));
      ++heard;
      if (auto* end = std::get_if<runtime::UpgradeReply>(&event)) {
        reply = std::move(*end);
      } else {
        told(std::get<runtime::UpgradeNotice>(event));
      }
    }
    const grpc::Status ended = reader->Finish();
    if (!ended.ok() && interrupted.load()) {
      return Error(ErrorCode::kCancelled, "interrupted, and the upgrade goes on")
          .advise("'weir list -a' shows what runs");
    }
    WEIR_RETURN_IF_ERROR(state_->check(ended));
    if (!reply) {
      return Error(ErrorCode::kInternal, "the job manager ended the call without a reply");
    }
    return *std::move(reply);
  };
  return state_->ask(once, &interrupted, &heard);
}

Result<runtime::DisposeReply> JobManagerClient::dispose(const runtime::DisposeRequest& request) {
  const v1::DisposeRequest message = wire::toProto(request);
  v1::DisposeReply reply;
  WEIR_RETURN_IF_ERROR(state_->unary([&](grpc::ClientContext& context) {
    return state_->stub()->Dispose(&context, message, &reply);
  }));
  return wire::fromProto(reply);
}

Result<std::vector<runtime::SavepointInfo>> JobManagerClient::listSavepoints() {
  v1::ListSavepointsRequest request;
  request.set_protocol(wire::kClientProtocol);
  v1::ListSavepointsReply reply;
  WEIR_RETURN_IF_ERROR(state_->unary([&](grpc::ClientContext& context) {
    return state_->stub()->ListSavepoints(&context, request, &reply);
  }));
  std::vector<runtime::SavepointInfo> savepoints;
  for (const v1::SavepointInfo& message : reply.savepoints()) {
    WEIR_TRY(auto one, wire::fromProto(message));
    savepoints.push_back(std::move(one));
  }
  return savepoints;
}

Result<std::vector<runtime::CheckpointReport>> JobManagerClient::checkpoints(
    const JobId& job, std::optional<CheckpointId> which) {
  v1::ListCheckpointsRequest request;
  request.set_protocol(wire::kClientProtocol);
  request.set_job(std::string(job.view()));
  request.set_checkpoint(which ? which->value() : 0);
  v1::ListCheckpointsReply reply;
  WEIR_RETURN_IF_ERROR(state_->unary([&](grpc::ClientContext& context) {
    return state_->stub()->ListCheckpoints(&context, request, &reply);
  }));
  std::vector<runtime::CheckpointReport> reports;
  for (const v1::CheckpointReport& message : reply.checkpoints()) {
    WEIR_TRY(auto report, wire::fromProto(message));
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace weir::client
