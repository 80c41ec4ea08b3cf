#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/rpc/leader_route.h"
#include "taskmanager/daemon/blobcache/blob_transport.h"

namespace grpc {
class ClientContext;
}

namespace weir::taskmanager {

/// The job manager's blobs over gRPC, in chunks.
///
/// A transfer that breaks, is refused for now or stands still for `idle` is tried again `retries`
/// times, a download from where it broke. Threads: any, and one of its own that watches.
/// shutdown() ends what runs with kCancelled, for good.
class BlobClient final : public BlobTransport {
 public:
  /// The route outlives it, and knows somebody before the first call; each try asks who leads.
  BlobClient(const rpc::LeaderRoute& route, int retries, Duration idle = std::chrono::seconds(30));
  ~BlobClient() override;

  Status fetch(const std::string& key, std::uint64_t length, const Sink& sink) override;
  Result<std::string> putState(const JobId& job, std::string_view bytes) override;
  void shutdown();

 private:
  class Call;

  Status fetchFrom(const std::string& key,
                   std::uint64_t& offset,
                   std::uint64_t length,
                   const Sink& sink,
                   bool& broken);
  Result<std::string> put(const JobId& job, std::string_view bytes, const std::string& sha256);
  bool pauseBeforeRetry(int failures, const Error& error);
  void watch();

  const rpc::LeaderRoute& route_;
  const int retries_;
  const Duration idle_;
  const SystemClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<Call*> calls_;
  bool shut_down_ = false;
  std::thread watch_;  // Last member: started last, joined first.
};

}  // namespace weir::taskmanager
