#pragma once

#include <memory>
#include <string>

#include "common/rpc/peer_quota.h"
#include "jobmanager/blob/blob_store.h"
#include "jobmanager/dispatcher/dispatcher_gateway.h"
#include "jobmanager/rpc/blob_transfer.h"

namespace grpc {
class Service;
}

namespace weir::jobmanager {

/// What clients call: v1::JobManager. Translates and decides nothing.
///
/// Runs on gRPC's threads; calls that wait hold none. Lives longer than the server that serves it.
class ClientService {
 public:
  /// All are borrowed and outlive the service; `calls` bounds what clients may have open.
  ClientService(DispatcherGateway& dispatcher,
                blob::BlobStore& blobs,
                Transfers& transfers,
                rpc::PeerQuota& calls);
  ~ClientService();
  ClientService(const ClientService&) = delete;
  ClientService& operator=(const ClientService&) = delete;

  grpc::Service& service();

  /// Ends all streams, and every later one at once, with `why`. Idempotent.
  void stop(const Error& why);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::jobmanager
