#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/config/security.h"
#include "common/rpc/channel.h"
#include "common/rpc/listener.h"

namespace grpc {
class CallbackGenericService;
class Service;
}  // namespace grpc

namespace weir::rpc {

/// What peers may hold of a server.
struct ServerLimits {
  ConnectionLimits connections;
  int calls_per_connection = 32;  ///< Further ones wait at the peer.
  int message_bytes = kMaxMessageBytes;
  std::uint64_t memory = std::uint64_t{1} << 30;  ///< Of messages on their way in, together.
  Duration idle = std::chrono::minutes(5);        ///< Of a connection without any call.
};

/// A listening gRPC server on one address.
///
/// Serves from start() to shutdown() or destruction, on gRPC's threads. The services are borrowed
/// and must live until then. Who connects is bounded by Listener, what a connection does by gRPC.
class Server {
 public:
  /// Listens on `address`; port 0 takes a free one; an empty host means all interfaces.
  /// kUnavailable when the address cannot be bound, naming it and the cause. `others` gets the
  /// calls of no service.
  static Result<std::unique_ptr<Server>> start(const Address& address,
                                               const std::vector<grpc::Service*>& services,
                                               const config::Security& security,
                                               const ServerLimits& limits = {},
                                               grpc::CallbackGenericService* others = nullptr);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The port that is listened on.
  int port() const;

  /// Takes no new call, waits `grace` for those that run, cancels the rest, joins. Idempotent.
  void shutdown(Duration grace = std::chrono::seconds(1));

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace weir::rpc
