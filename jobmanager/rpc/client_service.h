#pragma once

#include <memory>
#include <string>

#include "jobmanager/blob/blob_store.h"
#include "jobmanager/dispatcher/dispatcher_gateway.h"

namespace grpc {
class Service;
}

namespace weir::jobmanager {

/// What clients call: v1::JobManager. Translates and decides nothing.
///
/// Runs on gRPC's threads; calls that wait hold none. Lives longer than the server that serves it.
class ClientService {
 public:
  /// Both are borrowed and outlive the service.
  ClientService(DispatcherGateway& dispatcher, blob::BlobStore& blobs);
  ~ClientService();
  ClientService(const ClientService&) = delete;
  ClientService& operator=(const ClientService&) = delete;

  grpc::Service& service();

  /// Ends all streams, and every later one at once, with kUnavailable and `reason`. Idempotent.
  void stop(const std::string& reason);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::jobmanager
