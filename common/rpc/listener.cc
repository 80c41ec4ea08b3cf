#include "common/rpc/listener.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "common/daemon/descriptors.h"
#include "common/rpc/listening_socket.h"
#include "common/rpc/live_connections.h"
#include "common/telemetry/log.h"
#include "common/telemetry/occasionally.h"

namespace weir::rpc {

namespace {

constexpr std::size_t kMostSilent = 256;
constexpr std::size_t kMostRefused = 64;
constexpr int kMostPerTurn = 64;
constexpr auto kTurn = std::chrono::milliseconds(200);
constexpr auto kPause = std::chrono::milliseconds(50);  // When there is nothing to wait for.
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kEnough = 3;  // Bytes of it; gRPC has a deadline for the rest.

std::string hostOf(const sockaddr_storage& address, socklen_t length) {
  std::array<char, NI_MAXHOST> text{};
  if (::getnameinfo(reinterpret_cast<const sockaddr*>(&address),
                    length,
                    text.data(),
                    text.size(),
                    nullptr,
                    0,
                    NI_NUMERICHOST) != 0) {
    return "an unknown host";
  }
  const std::string_view host = text.data();
  constexpr std::string_view kMapped = "::ffff:";
  return std::string(host.starts_with(kMapped) ? host.substr(kMapped.size()) : host);
}

/// A frame of HTTP/2 on the connection itself (RFC 9113).
std::string frame(char type, std::string_view payload) {
  const std::size_t size = payload.size();
  std::string bytes{static_cast<char>(size >> 16),
                    static_cast<char>(size >> 8),
                    static_cast<char>(size),
                    type,
                    0,
                    0,
                    0,
                    0,
                    0};
  return bytes.append(payload);
}

/// Says why, and that no call was taken.
void refuse(const Socket& connection, const std::string& sentence) {
  constexpr char kSettings = 4;
  constexpr char kGoAway = 7;
  constexpr char kEnhanceYourCalm = 11;
  const std::string no_stream(4, '\0');
  const std::string code{0, 0, 0, kEnhanceYourCalm};
  const std::string bytes = frame(kSettings, "") + frame(kGoAway, no_stream + code + sentence);
  std::array<char, 4096> unread;
  while (::recv(connection.get(), unread.data(), unread.size(), MSG_DONTWAIT) > 0) {
    // Closing with bytes unread would reset the connection, and the sentence with it.
  }
  if (::send(connection.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
    ::shutdown(connection.get(), SHUT_WR);
  }
}

}  // namespace

class Listener::State {
 public:
  State(std::vector<Socket> listeners, const ConnectionLimits& limits)
      : listeners_(std::move(listeners)),
        limits_(limits),
        live_(limits.most),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        port_(portOf(listeners_.front())) {}

  int port() const { return port_; }

  void start(Take take) {
    take_ = std::move(take);
    thread_ = std::thread([this] { run(); });
  }

  void stop() {
    stopping_ = true;
    ::eventfd_write(wake_.get(), 1);
    if (thread_.joinable()) {
      thread_.join();
    }
    silent_.clear();
    refused_.clear();
    listeners_.clear();
  }

 private:
  /// A connection that has not begun to speak.
  struct Silent {
    Socket socket;
    std::string host;
    SteadyTime since;
    bool begun = false;  // It has sent too little, and would be reported as readable for ever.
  };

  /// A connection above the bound. It is told so after a pause, as gRPC connects again at once.
  struct Refused {
    Socket socket;
    std::string sentence;
    SteadyTime since;
  };

  void run() {
    while (!stopping_) {
      const auto turn = wait();
      if (!stopping_) {
        serveTurn(turn);
      }
    }
  }

  /// The wake-up, then the listeners, then the silent ones in their order.
  std::vector<pollfd> wait() {
    std::vector<pollfd> turn{{wake_.get(), POLLIN, 0}};
    bool look_again = paused_;
    for (const Socket& listener : listeners_) {
      turn.push_back({paused_ ? -1 : listener.get(), POLLIN, 0});
    }
    for (const Silent& one : silent_) {
      turn.push_back({one.begun ? -1 : one.socket.get(), POLLIN, 0});
      look_again = look_again || one.begun;
    }
    paused_ = false;
    look_again = look_again || !refused_.empty();
    const auto limit = look_again ? kPause : kTurn;
    ::poll(turn.data(), turn.size(), static_cast<int>(limit.count()));
    return turn;
  }

  void serveTurn(const std::vector<pollfd>& turn) {
    const SteadyTime now = clock_.now();
    std::size_t at = 1 + listeners_.size();
    for (auto one = silent_.begin(); one != silent_.end(); ++at) {
      const auto next = std::next(one);
      if ((one->begun || turn[at].revents != 0) && look(*one)) {
        silent_.erase(one);
      } else if (now - one->since > limits_.silence) {
        tell(silent_lines_, "closed a connection that said nothing", one->host);
        silent_.erase(one);
      }
      one = next;
    }
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      if (turn[1 + i].revents != 0) {
        acceptFrom(listeners_[i]);
      }
    }
    while (!refused_.empty() && now - refused_.front().since >= kPause) {
      answerRefused();
    }
  }

  void acceptFrom(const Socket& listener) {
    for (int i = 0; i < kMostPerTurn; ++i) {
      sockaddr_storage address{};
      socklen_t length = sizeof address;
      Socket socket(::accept4(listener.get(),
                              reinterpret_cast<sockaddr*>(&address),
                              &length,
                              SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (socket.get() >= 0) {
        add(std::move(socket), hostOf(address, length));
        continue;
      }
      const int error = errno;
      if (error == EAGAIN || error == EWOULDBLOCK) {
        return;
      }
      if (error == EINTR || error == ECONNABORTED) {
        continue;
      }
      const bool full = error == EMFILE || error == ENFILE;
      tell(error_lines_, "cannot accept a connection", std::strerror(error));
      if (!full || !spare_.turnAway(listener.get())) {
        paused_ = true;
        return;
      }
    }
  }

  void add(Socket socket, std::string host) {
    if (silent_.size() >= kMostSilent) {
      tell(silent_lines_, "closed a connection that said nothing", silent_.front().host);
      silent_.pop_front();
    }
    silent_.push_back({std::move(socket), std::move(host), clock_.now()});
    if (look(silent_.back())) {
      silent_.pop_back();
    }
  }

  /// What it has sent so far; true when it is not silent any more, and gone from here.
  bool look(Silent& one) {
    std::array<char, kPreface.size()> bytes;
    const ssize_t got =
        ::recv(one.socket.get(), bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
    if (got < 0) {
      return errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
    }
    const std::string_view said(bytes.data(), static_cast<std::size_t>(got));
    if (said.empty() || !kPreface.starts_with(said)) {
      if (!said.empty()) {
        tell(foreign_lines_,
             "closed a connection that does not speak HTTP/2",
             one.host + " began with '" + std::string(said) + "'");
      }
      return true;
    }
    one.begun = true;
    if (said.size() < kEnough) {
      return false;
    }
    handOver(one);
    return true;
  }

  void handOver(Silent& one) {
    if (std::string sentence = live_.refusal(one.host); !sentence.empty()) {
      tell(refused_lines_, "refused a connection", sentence);
      if (refused_.size() >= kMostRefused) {
        answerRefused();
      }
      refused_.push_back({std::move(one.socket), std::move(sentence), clock_.now()});
      return;
    }
    live_.add(one.socket.get(), one.host);
    take_(one.socket.release());
  }

  void answerRefused() {
    refuse(refused_.front().socket, refused_.front().sentence);
    refused_.pop_front();
  }

  void tell(log::Occasionally& lines, std::string_view what, std::string_view why) {
    if (const std::uint64_t times = lines.due(clock_.now()); times > 0) {
      log::warn(what, {{"port", port_}, {"times", times}, {"last", why}});
    }
  }

  std::vector<Socket> listeners_;
  const ConnectionLimits limits_;
  const SystemClock clock_;
  daemon::SpareDescriptor spare_;
  LiveConnections live_;
  std::list<Silent> silent_;    // Oldest first.
  std::list<Refused> refused_;  // Oldest first.
  log::Occasionally silent_lines_;
  log::Occasionally foreign_lines_;
  log::Occasionally refused_lines_;
  log::Occasionally error_lines_;
  bool paused_ = false;
  Socket wake_;
  const int port_;
  Take take_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

Listener::Listener(std::unique_ptr<State> state) : state_(std::move(state)) {}
Listener::~Listener() { stop(); }

Result<std::unique_ptr<Listener>> Listener::open(const Address& address,
                                                 const ConnectionLimits& limits) {
  WEIR_TRY(auto sockets, listenOn(address));
  return std::unique_ptr<Listener>(
      new Listener(std::make_unique<State>(std::move(sockets), limits)));
}

int Listener::port() const { return state_->port(); }
void Listener::serve(Take take) { state_->start(std::move(take)); }
void Listener::stop() { state_->stop(); }

}  // namespace weir::rpc
