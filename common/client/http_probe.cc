#include "common/client/http_probe.h"

#include <cerrno>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::client {

namespace {

constexpr int kWaitMillis = 1000;
constexpr std::string_view kRequest = "GET /overview HTTP/1.0\r\n\r\n";

bool becomes(int socket, short event) {
  pollfd wanted{socket, event, 0};
  return ::poll(&wanted, 1, kWaitMillis) == 1;
}

bool connectTo(int socket, const addrinfo& to) {
  if (::connect(socket, to.ai_addr, to.ai_addrlen) == 0) {
    return true;
  }
  int error = 0;
  socklen_t size = sizeof error;
  return errno == EINPROGRESS && becomes(socket, POLLOUT) &&
         ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

Listener ask(const addrinfo& to) {
  const int socket = ::socket(to.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) {
    return Listener::kNone;
  }
  Listener who = Listener::kNone;
  if (connectTo(socket, to)) {
    who = Listener::kOther;
    char answer[16] = {};
    if (::send(socket, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) > 0 &&
        becomes(socket, POLLIN) && ::recv(socket, answer, sizeof answer - 1, 0) > 0 &&
        std::string_view(answer).starts_with("HTTP/1.")) {
      who = Listener::kHttp;
    }
  }
  ::close(socket);
  return who;
}

}  // namespace

Listener probe(const rpc::Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found) !=
      0) {
    return Listener::kNone;
  }
  Listener who = Listener::kNone;
  for (const addrinfo* one = found; one != nullptr && who == Listener::kNone; one = one->ai_next) {
    who = ask(*one);
  }
  ::freeaddrinfo(found);
  return who;
}

}  // namespace weir::client
