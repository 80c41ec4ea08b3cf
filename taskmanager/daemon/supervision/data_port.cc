#include "taskmanager/daemon/supervision/data_port.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/telemetry/log.h"

namespace weir::taskmanager {

namespace {

constexpr int kBacklog = 512;

Error cannotListen(const std::string& host, std::uint16_t port, const std::string& why) {
  return Error(ErrorCode::kUnavailable,
               "listen on " + (host.empty() ? "all interfaces" : host) + ", data port " +
                   std::to_string(port) + ": " + why);
}

Result<UniqueFd> listenOn(const addrinfo& address) {
  UniqueFd socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  const int off = 0;  // What listens on all addresses listens on those of IPv4 too.
  if (socket && address.ai_family == AF_INET6) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
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

std::string hostOf(const sockaddr_storage& address, socklen_t length) {
  std::array<char, NI_MAXHOST> text{};
  const bool known = ::getnameinfo(reinterpret_cast<const sockaddr*>(&address),
                                   length,
                                   text.data(),
                                   text.size(),
                                   nullptr,
                                   0,
                                   NI_NUMERICHOST) == 0;
  return known ? text.data() : "an unknown host";
}

bool isOfThisMachine(const addrinfo& address) {
  const UniqueFd socket(::socket(address.ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage any_port{};
  std::memcpy(&any_port, address.ai_addr, address.ai_addrlen);
  if (address.ai_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(&any_port)->sin6_port = 0;
  } else {
    reinterpret_cast<sockaddr_in*>(&any_port)->sin_port = 0;
  }
  return socket &&
         ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&any_port), address.ai_addrlen) ==
             0;
}

bool isIpv6Usable() {
  const UniqueFd socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_any;
  return socket &&
         ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

Status DataPort::checkReachable(const std::string& host) const {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), std::to_string(port_).c_str(), &hints, &found);
      failed != 0) {
    return Error(ErrorCode::kInvalidArgument,
                 "workers are told to reach this task manager at " + host +
                     ", which does not even resolve on its own machine: " +
                     (failed == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(failed)))
        .advise("set taskmanager.hostname to an address, or to a name that all machines know");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    if (!isOfThisMachine(*address)) {
      return ok();  // Reached over a translated address, which only others can try.
    }
    const UniqueFd socket(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket && ::connect(socket.get(), address->ai_addr, address->ai_addrlen) == 0) {
      return ok();
    }
  }
  return Error(ErrorCode::kInvalidArgument,
               "workers are told to reach this task manager at " + host + ", port " +
                   std::to_string(port_) + ", but nothing listens there: " + std::strerror(errno))
      .advise("make taskmanager.hostname and taskmanager.bind-host agree");
}

struct DataPort::Pending {
  UniqueFd socket;
  std::string host;
  std::array<char, worker::DataHello::kSize> bytes{};
  std::size_t received = 0;
  std::optional<worker::DataHello> hello;
  std::unique_ptr<IoLoop::Timer> deadline;
  std::unique_ptr<IoLoop::Watch> watch;
  bool dropped = false;
};

Result<std::unique_ptr<DataPort>> DataPort::listen(IoLoop& loop,
                                                   const std::string& host,
                                                   std::uint16_t port,
                                                   const config::Security& /*security*/,
                                                   Router router,
                                                   DataPortLimits limits) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string any = isIpv6Usable() ? "::" : "0.0.0.0";  // The first takes IPv4 too.
  const int failed = ::getaddrinfo(
      host.empty() ? any.c_str() : host.c_str(), std::to_string(port).c_str(), &hints, &found);
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
          new DataPort(loop, *std::move(socket), bound, std::move(router), limits));
    }
    why = socket.error().message();
  }
  return cannotListen(host, port, why);
}

DataPort::DataPort(
    IoLoop& loop, UniqueFd listener, std::uint16_t port, Router router, DataPortLimits limits)
    : loop_(loop),
      listener_(std::move(listener)),
      port_(port),
      router_(std::move(router)),
      limits_(limits),
      watch_(loop_.watch(listener_.get(), [this] { onAcceptable(); })) {
  watch_->awaitReadable();
}

DataPort::~DataPort() = default;

void DataPort::onAcceptable() {
  for (;;) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    UniqueFd socket(::accept4(listener_.get(),
                              reinterpret_cast<sockaddr*>(&address),
                              &length,
                              SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) {
      add(std::move(socket), hostOf(address, length));
      continue;
    }
    const int error = errno;
    if (error == EINTR || error == ECONNABORTED) {
      continue;
    }
    if (error == EAGAIN || error == EWOULDBLOCK) {
      watch_->awaitReadable();
      return;
    }
    if (const std::uint64_t times = error_lines_.due(SystemClock().now()); times > 0) {
      log::warn("data port cannot accept", {{"error", std::strerror(error)}, {"times", times}});
    }
    if ((error != EMFILE && error != ENFILE) || !spare_.turnAway(listener_.get())) {
      pause_ = loop_.schedule(std::chrono::milliseconds(100), [this] { watch_->awaitReadable(); });
      return;
    }
  }
}

void DataPort::makeRoom() {
  std::map<std::string_view, std::size_t> count;
  for (const auto& pending : pending_) {
    ++count[pending->host];
  }
  const auto most =
      std::ranges::max_element(count, {}, [](const auto& host) { return host.second; });
  const auto find = [&](bool silent) {
    return std::ranges::find_if(pending_, [&](const auto& pending) {
      return pending->host == most->first && !(silent && pending->hello);
    });
  };
  const auto silent = find(true);
  if (const std::uint64_t times = room_lines_.due(SystemClock().now()); times > 0) {
    log::warn("too many connections wait at the data port: closing the oldest of a host",
              {{"host", most->first},
               {"times", times},
               {"key", "taskmanager.data.max-pending-connections"}});
  }
  drop(silent != pending_.end() ? silent : find(false));
}

void DataPort::add(UniqueFd socket, std::string host) {
  if (pending_.size() >= limits_.most) {
    makeRoom();
  }
  pending_.push_back(std::make_unique<Pending>());
  const Iterator pending = std::prev(pending_.end());
  Pending& entry = **pending;
  entry.socket = std::move(socket);
  entry.host = std::move(host);
  // Each may come once more when the entry is dropped: its place in the list is no more then.
  entry.deadline = loop_.schedule(limits_.patience, [this, pending, &entry] {
    if (entry.dropped) {
      return;
    }
    log::warn("closing a connection that no worker here waits for",
              {{"job", (*pending)->hello ? (*pending)->hello->job.hex() : "unknown"}});
    drop(pending);
  });
  entry.watch = loop_.watch(entry.socket.get(), [this, pending, &entry] {
    if (!entry.dropped) {
      onReadable(pending);
    }
  });
  entry.watch->awaitReadable();
}

void DataPort::drop(Iterator pending) {
  // Its callbacks may be running, or be due: they are destroyed with it only afterwards.
  (*pending)->dropped = true;
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
