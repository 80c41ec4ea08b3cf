#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/config/security.h"

namespace grpc {
class Channel;
}

namespace weir::rpc {

/// The largest message in either direction; what may be larger is streamed in chunks.
inline constexpr int kMaxMessageBytes = 64 << 20;

/// "host:port", an IPv6 address in brackets.
struct Address {
  std::string host;
  int port = 0;

  std::string text() const;
  bool operator==(const Address&) const = default;
};

/// From "host:port" or "[::1]:port"; kInvalidArgument says which part is missing.
Result<Address> parseAddress(std::string_view text);

/// A channel to `address` that connects when first used, notices a silent connection within
/// seconds, tries again after 0.1 to 2 s, and uses no proxy. Does not fail: the first call does.
std::shared_ptr<grpc::Channel> makeChannel(const Address& address,
                                           const config::Security& security);

/// Waits until the channel is connected; kUnavailable naming the address after `timeout`, or when
/// the address still refuses after a second.
Status waitForConnection(grpc::Channel& channel, const Address& address, Duration timeout);

/// For ClientContext::set_deadline.
std::chrono::system_clock::time_point deadlineIn(Duration duration);

}  // namespace weir::rpc
