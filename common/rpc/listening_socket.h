#pragma once

#include <utility>
#include <vector>

#include <unistd.h>

#include "common/base/result.h"
#include "common/rpc/channel.h"

namespace weir::rpc {

/// A descriptor that is closed with its owner.
class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Socket() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

/// Sockets that listen, without blocking, on everything that `address` means, all on one port.
/// kUnavailable, naming address and cause, when one is taken or none can be bound.
Result<std::vector<Socket>> listenOn(const Address& address);

/// The port that a socket is bound to.
int portOf(const Socket& socket);

}  // namespace weir::rpc
