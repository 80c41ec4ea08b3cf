#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "common/base/clock.h"
#include "taskmanager/daemon/blobcache/blob_transport.h"

namespace grpc {
class Channel;
class ClientContext;
}  // namespace grpc

namespace weir::taskmanager {

/// The job manager's blobs over gRPC, in chunks.
///
/// A transfer that breaks is tried again `retries` times, a download from where it broke.
/// Threads: any. shutdown() ends what runs with kCancelled, for good.
class BlobClient final : public BlobTransport {
 public:
  BlobClient(std::shared_ptr<grpc::Channel> channel, int retries);  // Shared as gRPC demands.
  ~BlobClient() override;

  Status fetch(const std::string& key, const Sink& sink) override;
  Result<std::string> putState(const JobId& job, std::string_view bytes) override;
  void shutdown();

 private:
  class Call;

  Status fetchFrom(const std::string& key, std::uint64_t& offset, const Sink& sink, bool& broken);
  Result<std::string> put(const JobId& job, std::string_view bytes, const std::string& sha256);
  bool pauseBeforeRetry(int failures, const Error& error);

  std::shared_ptr<grpc::Channel> channel_;
  const int retries_;
  std::mutex mutex_;
  std::set<grpc::ClientContext*> calls_;
  bool shut_down_ = false;
};

}  // namespace weir::taskmanager
