#include "common/connector/socket.h"

#include <cerrno>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace weir::connector {
namespace {

/// 0, or the errno that says why there is no connection.
int connectOne(int fd, const addrinfo& address, std::chrono::milliseconds timeout) {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) {
    return 0;
  }
  if (errno != EINPROGRESS) {
    return errno;
  }
  pollfd ready{fd, POLLOUT, 0};
  const int count = ::poll(&ready, 1, static_cast<int>(timeout.count()));
  if (count <= 0) {
    return count == 0 ? ETIMEDOUT : errno;
  }
  int cause = 0;
  socklen_t size = sizeof cause;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &size);
  return cause;
}

}  // namespace

Result<UniqueFd> connectTo(const std::string& host,
                           std::uint16_t port,
                           std::chrono::milliseconds timeout) {
  const std::string what = "connect to " + host + ":" + std::to_string(port) + ": ";
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found)) {
    return Error(ErrorCode::kUnavailable, what + ::gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, &::freeaddrinfo);
  int cause = ECONNREFUSED;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    UniqueFd fd(::socket(address->ai_family,
                         address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                         address->ai_protocol));
    cause = fd ? connectOne(fd.get(), *address, timeout) : errno;
    if (cause == 0) {
      ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
      const int on = 1;
      ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return fd;
    }
  }
  return Error(ErrorCode::kUnavailable, what + std::strerror(cause));
}

}  // namespace weir::connector
