#include "taskmanager/daemon/supervision/data_port.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/telemetry/log.h"

namespace weir::taskmanager {

namespace {

constexpr std::size_t kMostPending = 256;
constexpr int kBacklog = 512;

Error cannotListen(const std::string& host, std::uint16_t port, const std::string& why) {
  return Error(ErrorCode::kUnavailable,
               "listen on " + (host.empty() ? "all interfaces" : host) + ", data port " +
                   std::to_string(port) + ": " + why);
}

Result<UniqueFd> listenOn(const addrinfo& address) {
  UniqueFd socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0 ||
      ::listen(socket.get(), kBacklog) != 0) {
    return Error(ErrorCode::kUnavailable, std::strerror(errno));
  }
  return socket;
}

std::uint16_t portOf(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

}  // namespace

struct DataPort::Pending {
  UniqueFd socket;
  std::array<char, worker::DataHello::kSize> bytes{};
  std::size_t received = 0;
  std::optional<worker::DataHello> hello;
  std::unique_ptr<IoLoop::Timer> deadline;
  std::unique_ptr<IoLoop::Watch> watch;
};

Result<std::unique_ptr<DataPort>> DataPort::listen(IoLoop& loop,
                                                   const std::string& host,
                                                   std::uint16_t port,
                                                   Router router) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(
      host.empty() ? nullptr : host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) {
    return cannotListen(host, port, ::gai_strerror(failed));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  std::string why;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    Result<UniqueFd> socket = listenOn(*address);
    if (socket) {
      const std::uint16_t bound = portOf(socket->get());
      return std::unique_ptr<DataPort>(
          new DataPort(loop, *std::move(socket), bound, std::move(router)));
    }
    why = socket.error().message();
  }
  return cannotListen(host, port, why);
}

DataPort::DataPort(IoLoop& loop, UniqueFd listener, std::uint16_t port, Router router)
    : loop_(loop),
      listener_(std::move(listener)),
      port_(port),
      router_(std::move(router)),
      watch_(loop_.watch(listener_.get(), [this] { onAcceptable(); })) {
  watch_->awaitReadable();
}

DataPort::~DataPort() = default;

void DataPort::onAcceptable() {
  for (;;) {
    UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) {
      add(std::move(socket));
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) {
      continue;
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK) {
      log::warn("data port cannot accept", {{"error", std::strerror(errno)}});
      pause_ = loop_.schedule(std::chrono::milliseconds(100), [this] { watch_->awaitReadable(); });
      return;
    }
    watch_->awaitReadable();
    return;
  }
}

void DataPort::add(UniqueFd socket) {
  if (pending_.size() >= kMostPending) {
    log::warn("too many connections wait at the data port");
    return;
  }
  pending_.push_back(std::make_unique<Pending>());
  const Iterator pending = std::prev(pending_.end());
  Pending& entry = **pending;
  entry.socket = std::move(socket);
  entry.deadline = loop_.schedule(patience_, [this, pending] {
    log::warn("closing a connection that no worker here waits for",
              {{"job", (*pending)->hello ? (*pending)->hello->job.hex() : "unknown"}});
    drop(pending);
  });
  entry.watch = loop_.watch(entry.socket.get(), [this, pending] { onReadable(pending); });
  entry.watch->awaitReadable();
}

void DataPort::drop(Iterator pending) {
  // Its callbacks may be running: they are destroyed with it only after they have returned.
  loop_.post([entry = std::shared_ptr<Pending>(std::move(*pending))] {});
  pending_.erase(pending);
}

void DataPort::onReadable(Iterator pending) {
  Pending& entry = **pending;
  const ssize_t got = ::recv(entry.socket.get(),
                             entry.bytes.data() + entry.received,
                             entry.bytes.size() - entry.received,
                             MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    entry.watch->awaitReadable();
    return;
  }
  if (got <= 0) {
    drop(pending);
    return;
  }
  entry.received += static_cast<std::size_t>(got);
  if (entry.received < entry.bytes.size()) {
    entry.watch->awaitReadable();
    return;
  }
  auto hello = worker::DataHello::decode({entry.bytes.data(), entry.bytes.size()});
  if (!hello) {
    log::warn("closing a data connection", {{"reason", hello.error().message()}});
    drop(pending);
    return;
  }
  entry.hello = *hello;
  offer(pending);
}

bool DataPort::offer(Iterator pending) {
  Pending& entry = **pending;
  entry.watch.reset();  // The router may give the descriptor away.
  switch (router_(*entry.hello, entry.socket)) {
    case PeerRouting::kTaken:
      break;
    case PeerRouting::kRefused:
      log::warn("refusing a data connection",
                {{"job", entry.hello->job.hex()}, {"attempt", entry.hello->attempt.value()}});
      break;
    case PeerRouting::kNotYet:
      return true;
  }
  drop(pending);
  return false;
}

void DataPort::retry() {
  for (auto pending = pending_.begin(); pending != pending_.end();) {
    const auto next = std::next(pending);
    if ((*pending)->hello) {
      offer(pending);
    }
    pending = next;
  }
}

}  // namespace weir::taskmanager
