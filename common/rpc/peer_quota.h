#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace weir::rpc {

/// The host in the text that gRPC has for a peer: "ipv4:10.0.0.1:4711" is 10.0.0.1.
std::string hostOfPeer(std::string_view peer);

/// How much of one thing (calls, transfers) peers hold: in all at most so much, and of one host at
/// most half, so that one of them cannot take it from the others.
///
/// Threads: any.
class PeerQuota {
 public:
  /// Held as long as the thing lasts; may outlive the quota.
  using Permit = std::shared_ptr<const void>;  // Shared, as callbacks are copied.

  /// `what` in the plural, as in "calls"; `key` is the option that has `most`.
  PeerQuota(std::string what, std::string_view key, std::size_t most);

  /// kResourceExhausted with both numbers and the key.
  Result<Permit> take(std::string_view peer);
  /// How many are held.
  std::size_t held() const;

 private:
  struct State {
    std::mutex mutex;
    std::size_t held = 0;
    std::map<std::string, std::size_t, std::less<>> by_host;
  };

  const std::string what_;
  const std::string key_;
  const std::size_t most_;
  std::shared_ptr<State> state_;  // Shared with the permits.
};

}  // namespace weir::rpc
