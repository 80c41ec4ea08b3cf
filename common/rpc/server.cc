#include "common/rpc/server.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "common/rpc/quiet.h"

namespace weir::rpc {

namespace {

using Acceptor = grpc::experimental::ExternalConnectionAcceptor;
using AcceptorKind = grpc::ServerBuilder::experimental_type::ExternalConnectionType;

constexpr int kMaxMetadataBytes = 1 << 20;
/// Services of ours hold none while they wait; this bounds gRPC's own.
constexpr int kMaxThreads = 64;

int millis(Duration duration) {
  const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return static_cast<int>(std::min<std::int64_t>(count, std::numeric_limits<int>::max()));
}

void setArguments(grpc::ServerBuilder& builder, const ServerLimits& limits) {
  builder.SetMaxReceiveMessageSize(limits.message_bytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.calls_per_connection);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, millis(limits.idle));
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             millis(limits.connections.silence));
  // As channels ping: makeChannel() has the other half.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 5000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  grpc::ResourceQuota quota("weir");
  quota.Resize(limits.memory);
  quota.SetMaxThreads(kMaxThreads);
  builder.SetResourceQuota(quota);
}

}  // namespace

struct Server::State {
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Acceptor> acceptor;
  std::unique_ptr<grpc::Server> server;
  bool stopped = false;
};

Result<std::unique_ptr<Server>> Server::start(const Address& address,
                                              const std::vector<grpc::Service*>& services,
                                              const config::Security& /*security*/,
                                              const ServerLimits& limits,
                                              grpc::CallbackGenericService* others) {
  quietGrpc();
  auto state = std::make_unique<State>();
  WEIR_TRY(state->listener, Listener::open(address, limits.connections));
  grpc::ServerBuilder builder;
  state->acceptor = builder.experimental().AddExternalConnectionAcceptor(
      AcceptorKind::FROM_FD, grpc::InsecureServerCredentials());
  setArguments(builder, limits);
  for (grpc::Service* service : services) {
    builder.RegisterService(service);
  }
  if (others != nullptr) {
    builder.RegisterCallbackGenericService(others);
  }
  state->server = builder.BuildAndStart();
  if (!state->server) {
    return Error(ErrorCode::kInternal, "gRPC does not start a server on " + address.text());
  }
  state->listener->serve([acceptor = state->acceptor.get()](int descriptor) {
    Acceptor::NewConnectionParameters connection;
    connection.fd = descriptor;
    acceptor->HandleNewConnection(&connection);
  });
  return std::unique_ptr<Server>(new Server(std::move(state)));  // NOLINT: private constructor.
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { shutdown(); }

int Server::port() const { return state_->listener->port(); }

void Server::shutdown(Duration grace) {
  if (!state_->stopped) {
    state_->stopped = true;
    state_->listener->stop();
    state_->server->Shutdown(deadlineIn(grace));
    state_->server->Wait();
  }
}

}  // namespace weir::rpc
