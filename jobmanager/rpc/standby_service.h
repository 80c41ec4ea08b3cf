#pragma once

#include <functional>
#include <memory>

#include "common/base/error.h"

namespace grpc {
class CallbackGenericService;
}

namespace weir::jobmanager {

/// What a job manager that waits as standby answers to every call, of whatever service: that
/// another one leads. Runs on gRPC's threads; lives longer than its server.
class StandbyService {
 public:
  /// `refusal` says who leads; any thread.
  explicit StandbyService(std::function<Error()> refusal);
  ~StandbyService();
  StandbyService(const StandbyService&) = delete;
  StandbyService& operator=(const StandbyService&) = delete;

  grpc::CallbackGenericService& service();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::jobmanager
