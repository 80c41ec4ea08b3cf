#include "common/rpc/listening_socket.h"

#include <cerrno>
#include <cstring>
#include <set>
#include <string>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace weir::rpc {

namespace {

constexpr int kBacklog = 512;

Error cannotListen(const Address& address, const std::string& why) {
  return Error(
             ErrorCode::kUnavailable,
             "listen on " +
                 (address.host.empty() ? "port " + std::to_string(address.port) : address.text()) +
                 ": " + why)
      .advise("choose another address or port, or end the process that has it");
}

void setPort(sockaddr* address, int port) {
  const auto number = htons(static_cast<std::uint16_t>(port));
  if (address->sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = number;
  } else {
    reinterpret_cast<sockaddr_in*>(address)->sin_port = number;
  }
}

/// errno when it is not possible. An IPv6 socket on all interfaces takes IPv4 too.
Socket bound(const sockaddr* address, socklen_t length, bool all_interfaces) {
  Socket socket(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  const int only = all_interfaces ? 0 : 1;
  if (socket.get() < 0 ||
      ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      (address->sa_family == AF_INET6 &&
       ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) != 0) ||
      ::bind(socket.get(), address, length) != 0 || ::listen(socket.get(), kBacklog) != 0) {
    return Socket(-1);
  }
  // Inherited by what is accepted.
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

}  // namespace

Result<std::vector<Socket>> listenOn(const Address& address) {
  const bool all = address.host.empty();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string host = all ? "::" : address.host;
  const std::string port = std::to_string(address.port);
  if (const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); code != 0) {
    return cannotListen(address, ::gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  std::vector<Socket> sockets;
  std::set<std::string> seen;  // A host may have one address twice.
  int problem = EADDRNOTAVAIL;
  for (addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (!seen.emplace(reinterpret_cast<const char*>(entry->ai_addr), entry->ai_addrlen).second) {
      continue;
    }
    if (!sockets.empty()) {
      setPort(entry->ai_addr, portOf(sockets.front()));
    }
    Socket socket = bound(entry->ai_addr, entry->ai_addrlen, all);
    if (socket.get() >= 0) {
      sockets.push_back(std::move(socket));
    } else if (problem = errno; problem == EADDRINUSE) {
      return cannotListen(address, std::strerror(problem));
    }
  }
  if (sockets.empty() && all) {
    return listenOn({"0.0.0.0", address.port});  // A machine without IPv6.
  }
  if (sockets.empty()) {
    return cannotListen(address, std::strerror(problem));
  }
  return sockets;
}

int portOf(const Socket& socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

}  // namespace weir::rpc
