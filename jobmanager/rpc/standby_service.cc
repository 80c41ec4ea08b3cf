#include "jobmanager/rpc/standby_service.h"

#include <utility>

#include <grpcpp/generic/async_generic_service.h>

#include "common/rpc/status.h"

namespace weir::jobmanager {
namespace {

/// Ends its call at once. Owns itself until gRPC is done with it.
class Refusal final : public grpc::ServerGenericBidiReactor {
 public:
  static Refusal* start(const Error& why) {
    auto refusal = std::make_unique<Refusal>();
    refusal->Finish(rpc::toGrpc(why));
    return refusal.release();  // OnDone() deletes it.
  }
  void OnDone() override { const std::unique_ptr<Refusal> last(this); }
};

}  // namespace

class StandbyService::Impl final : public grpc::CallbackGenericService {
 public:
  explicit Impl(std::function<Error()> refusal) : refusal_(std::move(refusal)) {}

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* /*context*/) override {
    return Refusal::start(refusal_());
  }

 private:
  const std::function<Error()> refusal_;
};

StandbyService::StandbyService(std::function<Error()> refusal)
    : impl_(std::make_unique<Impl>(std::move(refusal))) {}
StandbyService::~StandbyService() = default;

grpc::CallbackGenericService& StandbyService::service() { return *impl_; }

}  // namespace weir::jobmanager
