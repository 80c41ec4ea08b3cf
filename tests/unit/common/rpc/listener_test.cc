#include "common/rpc/listener.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "common/rpc/listening_socket.h"

namespace weir::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

class ListenerTest : public testing::Test {
 protected:
  ~ListenerTest() override {
    if (listener_) {
      listener_->stop();
    }
  }

  void listen(const ConnectionLimits& limits) {
    listener_ = *Listener::open({"127.0.0.1", 0}, limits);
    listener_->serve([this](int descriptor) {
      const std::lock_guard lock(mutex_);
      taken_.emplace_back(descriptor);
      changed_.notify_all();
    });
  }

  Socket connect() const {
    Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{10, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(listener_->port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return socket;
  }
  Socket connectAndSay(std::string_view text) const {
    Socket socket = connect();
    ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    return socket;
  }

  /// What comes until the other side closes.
  static std::string readAll(const Socket& socket) {
    std::string all;
    char buffer[512];
    for (ssize_t got = 0; (got = ::recv(socket.get(), buffer, sizeof buffer, 0)) > 0;) {
      all.append(buffer, static_cast<std::size_t>(got));
    }
    return all;
  }
  bool waitForTaken(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(10), [&] { return taken_.size() >= count; });
  }

  std::unique_ptr<Listener> listener_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Socket> taken_;
};

TEST_F(ListenerTest, HandsOverWhatSpeaksHttp2AndNothingElse) {
  listen({});
  const Socket other = connectAndSay("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(readAll(other), "");
  const Socket ours = connectAndSay(kPreface);
  ASSERT_TRUE(waitForTaken(1));
  char first = 0;
  EXPECT_EQ(::recv(taken_[0].get(), &first, 1, 0), 1);
  EXPECT_EQ(first, 'P');  // Nothing was read away.
}

TEST_F(ListenerTest, ClosesAConnectionThatSaysNothingOrTooLittle) {
  listen({.silence = milliseconds(300)});
  const Socket silent = connect();
  const Socket little = connectAndSay("P");
  EXPECT_EQ(readAll(silent), "");
  EXPECT_EQ(readAll(little), "");
  EXPECT_TRUE(taken_.empty());
}

TEST_F(ListenerTest, SilentConnectionsKeepNobodyOut) {
  listen({.most = 8, .silence = std::chrono::hours(1)});
  std::vector<Socket> silent;
  for (int i = 0; i < 400; ++i) {
    silent.push_back(connect());
  }
  const Socket ours = connectAndSay(kPreface);
  EXPECT_TRUE(waitForTaken(1));
  EXPECT_EQ(readAll(silent.front()), "");  // The oldest made room.
}

TEST_F(ListenerTest, RefusesWithASentenceWhatIsAboveTheBoundUntilOneIsClosed) {
  listen({.most = 8});
  std::vector<Socket> open;
  for (int i = 0; i < 4; ++i) {
    open.push_back(connectAndSay(kPreface));
  }
  ASSERT_TRUE(waitForTaken(4));
  const std::string refusal = readAll(connectAndSay(kPreface));
  EXPECT_THAT(refusal, HasSubstr("4 of at most 8 connections are open, 4 of them to 127.0.0.1"));
  EXPECT_THAT(refusal, HasSubstr("jobmanager.rpc.max-connections"));
  {
    const std::lock_guard lock(mutex_);
    taken_.pop_back();
  }
  const Socket fifth = connectAndSay(kPreface);
  EXPECT_TRUE(waitForTaken(4));
}

TEST_F(ListenerTest, TellsARefusedClientAfterAPauseAsItComesAgainAtOnce) {
  listen({.most = 2});
  const Socket ours = connectAndSay(kPreface);
  ASSERT_TRUE(waitForTaken(1));
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THAT(readAll(connectAndSay(kPreface)), HasSubstr("connections are open"));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(50));
}

TEST_F(ListenerTest, LogsEachKindOfRefusalHoweverOftenTheOtherHappens) {
  testing::internal::CaptureStderr();
  listen({.most = 2});
  const Socket ours = connectAndSay(kPreface);
  ASSERT_TRUE(waitForTaken(1));
  EXPECT_NE(readAll(connectAndSay(kPreface)), "");
  EXPECT_EQ(readAll(connectAndSay("GET / HTTP/1.1\r\n\r\n")), "");
  listener_->stop();
  const std::string logged = testing::internal::GetCapturedStderr();
  EXPECT_THAT(logged, HasSubstr("refused a connection"));
  EXPECT_THAT(logged, HasSubstr("does not speak HTTP/2"));
  EXPECT_THAT(logged, HasSubstr("began with 'GET / HTTP/1.1"));
}

TEST_F(ListenerTest, ServesAgainAfterItRanOutOfDescriptors) {
  listen({});
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  Socket waits(::dup(0));  // Made before there is no descriptor left.
  const int next = waits.get() + 1;
  std::vector<Socket> peers;
  for (int i = 0; i < 3; ++i) {
    peers.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  }
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(listener_->port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (const Socket& peer : peers) {
    ::connect(peer.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  for (const Socket& peer : peers) {
    EXPECT_EQ(readAll(peer), "");  // Turned away, not left waiting.
  }
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  const Socket ours = connectAndSay(kPreface);
  EXPECT_TRUE(waitForTaken(1));
}

TEST(ListenOnTest, OnePortForAllAddressesOfAHost) {
  const auto sockets = listenOn({"localhost", 0});
  ASSERT_TRUE(sockets.has_value()) << sockets.error().text();
  for (const Socket& socket : *sockets) {
    EXPECT_EQ(portOf(socket), portOf(sockets->front()));
  }
}

}  // namespace
}  // namespace weir::rpc
