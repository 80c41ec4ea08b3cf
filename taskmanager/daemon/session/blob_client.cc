#include "taskmanager/daemon/session/blob_client.h"

#include <algorithm>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "cluster.grpc.pb.h"
#include "common/fs/digest.h"
#include "common/rpc/chunks.h"
#include "common/rpc/retry.h"
#include "common/rpc/status.h"

namespace weir::taskmanager {

namespace {
constexpr Duration kFirstPause = std::chrono::milliseconds(100);
constexpr Duration kLongestPause = std::chrono::seconds(5);
}  // namespace

/// A call that shutdown() and the watch can cancel.
class BlobClient::Call {
 public:
  explicit Call(BlobClient& client) : client_(client), moved_(client.clock_.now()) {
    std::lock_guard lock(client_.mutex_);
    client_.calls_.insert(this);
    client_.changed_.notify_all();
    if (client_.shut_down_) {
      context.TryCancel();
    }
  }
  ~Call() {
    std::lock_guard lock(client_.mutex_);
    client_.calls_.erase(this);
  }

  /// The peer took or sent something.
  void moved() {
    std::lock_guard lock(client_.mutex_);
    moved_ = client_.clock_.now();
  }
  /// With the client's lock.
  void look(SteadyTime now) {
    if (now - moved_ > client_.idle_) {
      stalled_ = true;
      context.TryCancel();
    }
  }
  /// How the call ended.
  Status explain(const grpc::Status& status) {
    std::lock_guard lock(client_.mutex_);
    if (!status.ok() && stalled_) {
      const auto idle = std::chrono::duration_cast<std::chrono::milliseconds>(client_.idle_);
      return Error(ErrorCode::kDeadlineExceeded,
                   "the job manager let it stand still for " + std::to_string(idle.count()) + " ms")
          .advise("see whether the job manager is overloaded, or raise blob.transfer.idle-timeout");
    }
    return rpc::fromGrpc(status);
  }

  grpc::ClientContext context;

 private:
  BlobClient& client_;
  SteadyTime moved_;  // These two with the client's lock.
  bool stalled_ = false;
};

BlobClient::BlobClient(const rpc::LeaderRoute& route, int retries, Duration idle)
    : route_(route), retries_(retries), idle_(idle), watch_([this] { watch(); }) {}

BlobClient::~BlobClient() {
  shutdown();
  watch_.join();
}

void BlobClient::shutdown() {
  std::lock_guard lock(mutex_);
  shut_down_ = true;
  changed_.notify_all();
  for (Call* call : calls_) {
    call->context.TryCancel();
  }
}

void BlobClient::watch() {
  std::unique_lock lock(mutex_);
  while (!shut_down_) {
    changed_.wait(lock, [this] { return shut_down_ || !calls_.empty(); });
    const SteadyTime now = clock_.now();
    for (Call* call : calls_) {
      call->look(now);
    }
    changed_.wait_for(lock, idle_ / 4, [this] { return shut_down_; });
  }
}

bool BlobClient::pauseBeforeRetry(int failures, const Error& error) {
  if (failures > retries_ || !rpc::isRetryable(error)) {
    return false;
  }
  const Duration pause = std::min(kLongestPause, kFirstPause * (1 << std::min(failures - 1, 10)));
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, pause, [this] { return shut_down_; });
}

Status BlobClient::fetch(const std::string& key, std::uint64_t length, const Sink& sink) {
  std::uint64_t offset = 0;
  for (int failures = 1;; ++failures) {
    bool broken = false;  // By the connection, not by the sink.
    Status status = fetchFrom(key, offset, length, sink, broken);
    if (broken && length != 0 && offset == length) {
      return ok();  // It broke behind the last byte.
    }
    if (status || !broken || !pauseBeforeRetry(failures, status.error())) {
      return status;
    }
  }
}

Status BlobClient::fetchFrom(const std::string& key,
                             std::uint64_t& offset,
                             std::uint64_t length,
                             const Sink& sink,
                             bool& broken) {
  Call call(*this);
  v1::GetBlobRequest request;
  request.set_key(key);
  request.set_offset(offset);
  request.set_length(length == 0 ? 0 : length - offset);
  const auto stub = v1::TaskManagers::NewStub(route_.current().channel);
  const auto reader = stub->GetBlob(&call.context, request);
  v1::Chunk chunk;
  while (reader->Read(&chunk)) {
    call.moved();
    if (Status taken = sink(chunk.data()); !taken) {
      call.context.TryCancel();
      static_cast<void>(reader->Finish());  // Our own cancellation; the sink's error counts.
      return taken;
    }
    offset += chunk.data().size();
  }
  Status status = call.explain(reader->Finish());
  broken = !status.has_value();
  return std::move(status).during("fetch blob " + key + " from the job manager");
}

Result<std::string> BlobClient::putState(const JobId& job, std::string_view bytes) {
  const std::string sha256 = fs::sha256(bytes);
  for (int failures = 1;; ++failures) {
    Result<std::string> key = put(job, bytes, sha256);
    if (key || !pauseBeforeRetry(failures, key.error())) {
      return key;
    }
  }
}

Result<std::string> BlobClient::put(const JobId& job,
                                    std::string_view bytes,
                                    const std::string& sha256) {
  Call call(*this);
  v1::PutBlobReply reply;
  const auto stub = v1::TaskManagers::NewStub(route_.current().channel);
  const auto writer = stub->PutBlob(&call.context, &reply);
  bool first = true;
  // A broken stream is explained by Finish().
  static_cast<void>(rpc::sendChunks(bytes, [&](std::string_view piece) {
    v1::Chunk chunk;
    if (std::exchange(first, false)) {
      v1::BlobHeader& header = *chunk.mutable_header();
      header.mutable_blob()->set_sha256(sha256);
      header.mutable_blob()->set_size(bytes.size());
      header.set_state(true);
      header.set_job(std::string(job.view()));
    }
    chunk.set_data(std::string(piece));
    const bool written = writer->Write(chunk);
    call.moved();
    return written;
  }));
  writer->WritesDone();
  WEIR_RETURN_IF_ERROR(call.explain(writer->Finish()).during("store state on the job manager"));
  return std::string(reply.key());
}

}  // namespace weir::taskmanager
