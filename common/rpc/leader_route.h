#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "common/rpc/channel.h"

namespace weir::rpc {

/// Where the job manager that leads is reached, as far as it is known: whoever learns that another
/// one leads says so, and every call that begins afterwards goes there.
///
/// Of the addresses from configuration, and the last one that was learned, one is the current one.
/// Threads: any.
class LeaderRoute {
 public:
  /// An address, and the channel to it; none where nobody is known yet.
  struct Way {
    Address address;
    std::shared_ptr<grpc::Channel> channel;  // Shared as gRPC demands.
  };

  /// The first is the current one. Without any, nobody is known before follow().
  LeaderRoute(std::vector<Address> configured, config::Security security);

  Way current() const;
  /// `leader` leads. True when the current one was another.
  bool follow(const Address& leader);
  /// Nobody who leads answers at `asked`: where that still is the current one, the next is.
  void pass(const Address& asked);

 private:
  void choose(std::size_t index);  // Under the lock.

  const config::Security security_;
  const std::size_t configured_;  // So many of `known_`; behind them, the one that was learned.
  mutable std::mutex mutex_;
  std::vector<Address> known_;
  std::size_t at_ = 0;
  std::shared_ptr<grpc::Channel> channel_;  // To known_[at_].
};

}  // namespace weir::rpc
