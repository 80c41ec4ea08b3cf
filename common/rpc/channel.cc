#include "common/rpc/channel.h"

#include <charconv>

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "common/rpc/quiet.h"

namespace weir::rpc {

namespace {

constexpr int kMaxMetadataBytes = 1 << 20;  // Errors travel there; status.cc bounds them.

grpc::ChannelArguments channelArguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 5000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  // A peer that came back is looked up again at once, not after the default of 30 s.
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 200);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A channel of its own: another one's failed attempts must not delay its first.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return arguments;
}

}  // namespace

std::string Address::text() const {
  const bool bracketed = host.find(':') != std::string::npos;
  return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> parseAddress(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return Error(ErrorCode::kInvalidArgument,
                 "'" + std::string(text) + "' is not HOST:PORT: " + std::string(why));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) {
    return wrong("the port is missing");
  }
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong("an IPv6 address stands in brackets");
  }
  if (host.empty()) {
    return wrong("the host is missing");
  }
  if (host.find_first_of(" \t/@[]") != std::string_view::npos) {
    return wrong("the host has a character that no host has");
  }
  int port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc() || rest != end || port < 1 || port > 65535) {
    return wrong("the port is not a number from 1 to 65535");
  }
  return Address{std::string(host), port};
}

std::shared_ptr<grpc::Channel> makeChannel(const Address& address,
                                           const config::Security& /*security*/) {
  quietGrpc();
  return grpc::CreateCustomChannel(
      "dns:///" + address.text(), grpc::InsecureChannelCredentials(), channelArguments());
}

Status waitForConnection(grpc::Channel& channel, const Address& address, Duration timeout) {
  // A refusal within the first second may be a server that is only starting; a later one is not.
  constexpr auto kGrace = std::chrono::seconds(1);
  const auto started = std::chrono::steady_clock::now();
  const auto deadline = deadlineIn(timeout);
  for (;;) {
    const grpc_connectivity_state state = channel.GetState(true);
    if (state == GRPC_CHANNEL_READY) {
      return ok();
    }
    const bool refused = state == GRPC_CHANNEL_TRANSIENT_FAILURE &&
                         std::chrono::steady_clock::now() - started >= kGrace;
    if (refused || std::chrono::system_clock::now() >= deadline) {
      return Error(ErrorCode::kUnavailable, "nobody answers at " + address.text());
    }
    channel.WaitForStateChange(state, std::min(deadline, deadlineIn(kGrace)));
  }
}

std::chrono::system_clock::time_point deadlineIn(Duration duration) {
  using Clock = std::chrono::system_clock;
  const Clock::time_point now = Clock::now();
  return duration < Clock::time_point::max() - now
             ? now + std::chrono::duration_cast<Clock::duration>(duration)
             : Clock::time_point::max();
}

}  // namespace weir::rpc
