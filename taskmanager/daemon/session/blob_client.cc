#include "taskmanager/daemon/session/blob_client.h"

#include <chrono>
#include <thread>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "cluster.grpc.pb.h"
#include "common/fs/digest.h"
#include "common/rpc/chunks.h"
#include "common/rpc/retry.h"
#include "common/rpc/status.h"

namespace weir::taskmanager {

namespace {
constexpr auto kFirstPause = std::chrono::milliseconds(100);
}  // namespace

/// A call that shutdown() can cancel.
class BlobClient::Call {
 public:
  explicit Call(BlobClient& client) : client_(client) {
    std::lock_guard lock(client_.mutex_);
    client_.calls_.insert(&context);
    if (client_.shut_down_) {
      context.TryCancel();
    }
  }
  ~Call() {
    std::lock_guard lock(client_.mutex_);
    client_.calls_.erase(&context);
  }

  grpc::ClientContext context;

 private:
  BlobClient& client_;
};

BlobClient::BlobClient(std::shared_ptr<grpc::Channel> channel, int retries)
    : channel_(std::move(channel)), retries_(retries) {}

BlobClient::~BlobClient() = default;

void BlobClient::shutdown() {
  std::lock_guard lock(mutex_);
  shut_down_ = true;
  for (grpc::ClientContext* context : calls_) {
    context->TryCancel();
  }
}

bool BlobClient::pauseBeforeRetry(int failures, const Error& error) {
  if (failures > retries_ || !rpc::isRetryable(error)) {
    return false;
  }
  std::this_thread::sleep_for(kFirstPause * failures);
  std::lock_guard lock(mutex_);
  return !shut_down_;
}

Status BlobClient::fetch(const std::string& key, const Sink& sink) {
  std::uint64_t offset = 0;
  for (int failures = 1;; ++failures) {
    bool broken = false;  // By the connection, not by the sink.
    Status status = fetchFrom(key, offset, sink, broken);
    if (status || !broken || !pauseBeforeRetry(failures, status.error())) {
      return status;
    }
  }
}

Status BlobClient::fetchFrom(const std::string& key,
                             std::uint64_t& offset,
                             const Sink& sink,
                             bool& broken) {
  Call call(*this);
  v1::GetBlobRequest request;
  request.set_key(key);
  request.set_offset(offset);
  const auto stub = v1::TaskManagers::NewStub(channel_);
  const auto reader = stub->GetBlob(&call.context, request);
  v1::Chunk chunk;
  while (reader->Read(&chunk)) {
    if (Status taken = sink(chunk.data()); !taken) {
      call.context.TryCancel();
      static_cast<void>(reader->Finish());  // Our own cancellation; the sink's error counts.
      return taken;
    }
    offset += chunk.data().size();
  }
  Status status = rpc::fromGrpc(reader->Finish());
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
  const auto stub = v1::TaskManagers::NewStub(channel_);
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
    return writer->Write(chunk);
  }));
  writer->WritesDone();
  WEIR_RETURN_IF_ERROR(rpc::fromGrpc(writer->Finish()).during("store state on the job manager"));
  return std::string(reply.key());
}

}  // namespace weir::taskmanager
