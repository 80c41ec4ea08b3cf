#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/rpc/channel.h"

namespace weir::rpc {

/// Bounds on who connects.
struct ConnectionLimits {
  std::size_t most = 500;                       ///< Of one host at most half.
  Duration silence = std::chrono::seconds(10);  ///< How long a connection may say nothing.
};

/// Accepts connections for a gRPC server, on a thread of its own.
///
/// gRPC's own listener gives up for ever at its first error, and takes whoever comes. This one goes
/// on whatever happens, turns peers away when the process is out of descriptors, and hands over
/// only connections that have begun to speak HTTP/2. Of those that say nothing the oldest make
/// room. A peer above the bound is told so in a GOAWAY. Threads: any.
class Listener {
 public:
  /// Takes a connected descriptor over.
  using Take = std::function<void(int descriptor)>;

  /// Listens on `address`; port 0 takes a free one, an empty host means all interfaces.
  /// kUnavailable when the address cannot be bound, naming it and the cause. Connections wait until
  /// serve().
  static Result<std::unique_ptr<Listener>> open(const Address& address,
                                                const ConnectionLimits& limits);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const;
  /// Begins to accept. Once.
  void serve(Take take);
  /// Closes the listening sockets and what has said nothing, and joins. Idempotent.
  void stop();

 private:
  class State;
  explicit Listener(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace weir::rpc
