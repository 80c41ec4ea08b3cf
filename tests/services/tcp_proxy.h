#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"

namespace weir::services {

/// Stands before a server on this machine and may lose what that one answers: for a connection at
/// a time. Threads: the test's; it runs on one of its own.
class TcpProxy {
 public:
  explicit TcpProxy(std::uint16_t upstream) : upstream_(upstream) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  ~TcpProxy() {
    thread_.request_stop();
    thread_.join();
    ::close(listener_);
  }
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  /// The next request of at least so many bytes reaches the server; its answer is lost, with the
  /// connection.
  void loseAnswerOf(std::size_t bytes) { lose_ = bytes; }
  int lost() const { return lost_; }
  /// Connections so far.
  int accepted() const { return accepted_; }
  /// Nothing passes in either way for so long; no connection ends by that.
  void beSilent(Duration time) {
    silent_until_ = (std::chrono::steady_clock::now() + time).time_since_epoch().count();
  }

 private:
  struct Pair {
    int client = -1;
    int server = -1;
    bool loses = false;
  };

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  void accept() {
    ++accepted_;
    Pair pair{.client = ::accept(listener_, nullptr, nullptr),
              .server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address = loopback(upstream_);
    if (::connect(pair.server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      pairs_.push_back(pair);
    } else {
      close(pair);
    }
  }
  static void close(const Pair& pair) {
    ::close(pair.client);
    ::close(pair.server);
  }
  /// False when the connection is over.
  bool move(Pair& pair, bool from_client) {
    char buffer[65536];
    const auto got = ::read(from_client ? pair.client : pair.server, buffer, sizeof buffer);
    if (got <= 0) {
      return false;
    }
    const std::size_t wanted = lose_;
    if (from_client && wanted > 0 && static_cast<std::size_t>(got) >= wanted) {
      lose_ = 0;
      pair.loses = true;
    } else if (!from_client && pair.loses) {
      ++lost_;
      return false;
    }
    return ::write(from_client ? pair.server : pair.client,
                   buffer,
                   static_cast<std::size_t>(got)) == got;
  }
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (std::chrono::steady_clock::now().time_since_epoch().count() < silent_until_) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        continue;
      }
      std::vector<pollfd> polled{{listener_, POLLIN, 0}};
      for (const Pair& pair : pairs_) {
        polled.push_back({pair.client, POLLIN, 0});
        polled.push_back({pair.server, POLLIN, 0});
      }
      if (::poll(polled.data(), polled.size(), 20) <= 0) {
        continue;
      }
      for (std::size_t i = pairs_.size(); i-- > 0;) {
        const bool whole = (polled[1 + 2 * i].revents == 0 || move(pairs_[i], true)) &&
                           (polled[2 + 2 * i].revents == 0 || move(pairs_[i], false));
        if (!whole) {
          close(pairs_[i]);
          pairs_.erase(pairs_.begin() + static_cast<std::ptrdiff_t>(i));
        }
      }
      if (polled[0].revents != 0) {
        accept();
      }
    }
    for (const Pair& pair : pairs_) {
      close(pair);
    }
  }

  const std::uint16_t upstream_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> lose_ = 0;
  std::atomic<int> lost_ = 0;
  std::atomic<int> accepted_ = 0;
  std::atomic<SteadyTime::rep> silent_until_ = 0;
  std::vector<Pair> pairs_;  // Of the thread.
  std::jthread thread_;
};

}  // namespace weir::services
