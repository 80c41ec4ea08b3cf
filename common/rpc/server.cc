#include "common/rpc/server.h"

#include <cerrno>
#include <cstring>

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/rpc/quiet.h"

namespace weir::rpc {

namespace {

constexpr int kMaxMetadataBytes = 1 << 20;

/// Why nobody can listen there: gRPC only says that it cannot. Empty when it works now.
std::string bindProblem(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  const char* host = address.host.empty() ? nullptr : address.host.c_str();
  if (const int code = ::getaddrinfo(host, port.c_str(), &hints, &found); code != 0) {
    return ::gai_strerror(code);
  }
  std::string problem;
  for (const addrinfo* entry = found; entry != nullptr && problem.empty(); entry = entry->ai_next) {
    const int fd = ::socket(entry->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (fd < 0) {
      continue;
    }
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd, entry->ai_addr, entry->ai_addrlen) != 0 || ::listen(fd, 1) != 0) {
      problem = std::strerror(errno);
    }
    ::close(fd);
  }
  ::freeaddrinfo(found);
  return problem;
}

void setArguments(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  // Without this two servers share a port, and each gets half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // As channels ping: makeChannel() has the other half.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 5000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
}

}  // namespace

struct Server::State {
  std::unique_ptr<grpc::Server> server;
  int port = 0;
  bool stopped = false;
};

Result<std::unique_ptr<Server>> Server::start(const Address& address,
                                              const std::vector<grpc::Service*>& services,
                                              const Security& /*security*/) {
  quietGrpc();
  auto state = std::make_unique<State>();
  grpc::ServerBuilder builder;
  const std::string text = Address{address.host.empty() ? "::" : address.host, address.port}.text();
  builder.AddListeningPort(text, grpc::InsecureServerCredentials(), &state->port);
  setArguments(builder);
  for (grpc::Service* service : services) {
    builder.RegisterService(service);
  }
  state->server = builder.BuildAndStart();
  if (!state->server || state->port == 0) {
    const std::string problem = bindProblem(address);
    return Error(ErrorCode::kUnavailable,
                 "listen on " +
                     (address.host.empty() ? "port " + std::to_string(address.port)
                                           : address.text()) +
                     ": " + (problem.empty() ? "the address was taken for a moment" : problem))
        .advise("choose another address or port, or end the process that has it");
  }
  return std::unique_ptr<Server>(new Server(std::move(state)));  // NOLINT: private constructor.
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { shutdown(); }

int Server::port() const { return state_->port; }

void Server::shutdown(Duration grace) {
  if (!state_->stopped) {
    state_->stopped = true;
    state_->server->Shutdown(deadlineIn(grace));
    state_->server->Wait();
  }
}

}  // namespace weir::rpc
