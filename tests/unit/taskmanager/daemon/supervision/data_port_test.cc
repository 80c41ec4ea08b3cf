#include "taskmanager/daemon/supervision/data_port.h"

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace weir::taskmanager {
namespace {

using ::testing::HasSubstr;

TEST(DataPortAddressTest, RefusesAnAnnouncedAddressOnWhichNothingListens) {
  IoLoop loop("test");
  std::unique_ptr<DataPort> port;
  loop.runSync([&] {
    port = *DataPort::listen(
        loop, "127.0.0.1", 0, config::Security::plainText(), [](const auto&, auto&) {
          return PeerRouting::kRefused;
        });
  });
  EXPECT_TRUE(port->checkReachable("127.0.0.1"));
  const Status other = port->checkReachable("127.0.0.2");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().text(),
              ::testing::AllOf(HasSubstr("127.0.0.2"), HasSubstr("taskmanager.bind-host")));
  EXPECT_TRUE(port->checkReachable("192.0.2.1")) << "only others can try";
  loop.shutdown();
}

TEST(DataPortAddressTest, RefusesAnAnnouncedNameThatDoesNotResolve) {
  IoLoop loop("test");
  std::unique_ptr<DataPort> port;
  loop.runSync([&] {
    port = *DataPort::listen(
        loop, "127.0.0.1", 0, config::Security::plainText(), [](const auto&, auto&) {
          return PeerRouting::kRefused;
        });
  });
  for (const std::string& host : {std::string("nosuch.invalid"), std::string(100, 'a')}) {
    const Status checked = port->checkReachable(host);
    ASSERT_FALSE(checked) << host;
    EXPECT_THAT(checked.error().text(),
                ::testing::AllOf(HasSubstr(host),
                                 HasSubstr("does not even resolve on its own machine: "),
                                 HasSubstr("set taskmanager.hostname")));
  }
  EXPECT_TRUE(port->checkReachable("localhost"));
  loop.shutdown();
}

TEST(DataPortAddressTest, ListensForBothFamiliesOnAllInterfaces) {
  IoLoop loop("test");
  std::unique_ptr<DataPort> port;
  loop.runSync([&] {
    port = *DataPort::listen(loop, "", 0, config::Security::plainText(), [](const auto&, auto&) {
      return PeerRouting::kRefused;
    });
  });
  EXPECT_TRUE(port->checkReachable("127.0.0.1"));
  EXPECT_TRUE(port->checkReachable("::1"));
  loop.shutdown();
}

class DataPortTest : public ::testing::Test {
 protected:
  void SetUp() override {
    loop_.runSync([this] {
      port_ = *DataPort::listen(loop_,
                                "127.0.0.1",
                                0,
                                config::Security::plainText(),
                                [this](const worker::DataHello& hello, UniqueFd& socket) {
                                  last_job_ = hello.job;
                                  const PeerRouting answer = answer_;
                                  if (answer == PeerRouting::kTaken) {
                                    taken_ = std::move(socket);
                                  }
                                  return answer;
                                },
                                {.most = 8});
    });
  }
  void TearDown() override {
    loop_.shutdown();
    port_.reset();
  }

  UniqueFd connect() {
    UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const timeval limit{10, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return socket;
  }
  static void write(const UniqueFd& socket, std::string_view bytes) {
    ASSERT_EQ(::write(socket.get(), bytes.data(), bytes.size()), ssize_t(bytes.size()));
  }
  static std::string hello(JobId job) {
    worker::DataHello hello;
    hello.job = job;
    const auto bytes = hello.encode();
    return {bytes.data(), bytes.size()};
  }
  // Up to `most` bytes, or an empty string when the other side has closed.
  static std::string read(const UniqueFd& socket, std::size_t most) {
    std::string bytes(most, '\0');
    const ssize_t got = ::read(socket.get(), bytes.data(), most);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  void waitUntil(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000; ++i) {
      bool holds = false;
      loop_.runSync([&] { holds = condition(); });
      if (holds) {
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    FAIL() << "waited for 10 s";
  }

  IoLoop loop_{"test"};
  std::unique_ptr<DataPort> port_;
  std::atomic<PeerRouting> answer_ = PeerRouting::kTaken;
  JobId last_job_;
  UniqueFd taken_;
};

TEST_F(DataPortTest, HandsOverAConnectionWithAllThatFollowsItsHello) {
  const UniqueFd socket = connect();
  write(socket, hello(JobId(Bytes16{5})) + "records");
  waitUntil([this] { return bool(taken_); });
  EXPECT_EQ(last_job_, JobId(Bytes16{5}));
  EXPECT_EQ(read(taken_, 100), "records");
  EXPECT_EQ(port_->waiting(), 0U);
}

TEST_F(DataPortTest, TakesAHelloThatComesInPieces) {
  const UniqueFd socket = connect();
  const std::string bytes = hello(JobId());
  write(socket, bytes.substr(0, 7));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  write(socket, bytes.substr(7));
  waitUntil([this] { return bool(taken_); });
}

TEST_F(DataPortTest, ClosesWhatIsNoWorker) {
  const UniqueFd socket = connect();
  write(socket, "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: something\r\n\r\n");
  EXPECT_EQ(read(socket, 1), "");
}

TEST_F(DataPortTest, ClosesWhatIsRefused) {
  answer_ = PeerRouting::kRefused;
  const UniqueFd socket = connect();
  write(socket, hello(JobId()));
  EXPECT_EQ(read(socket, 1), "");
}

TEST_F(DataPortTest, KeepsAConnectionUntilItsWorkerComes) {
  answer_ = PeerRouting::kNotYet;
  const UniqueFd socket = connect();
  write(socket, hello(JobId()) + "early");
  waitUntil([this] { return port_->waiting() == 1 && last_job_ == JobId(); });
  answer_ = PeerRouting::kTaken;
  waitUntil([this] {
    port_->retry();
    return bool(taken_);
  });
  EXPECT_EQ(read(taken_, 100), "early");
}

TEST_F(DataPortTest, GivesUpOnAConnectionThatNobodyTakes) {
  answer_ = PeerRouting::kNotYet;
  loop_.runSync([this] { port_->setPatience(std::chrono::milliseconds(50)); });
  const UniqueFd with_hello = connect();
  const UniqueFd silent = connect();
  write(with_hello, hello(JobId()));
  EXPECT_EQ(read(with_hello, 1), "");
  EXPECT_EQ(read(silent, 1), "");
}

TEST_F(DataPortTest, SilentConnectionsKeepNoWorkerOut) {
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 50; ++i) {
    silent.push_back(connect());
  }
  EXPECT_EQ(read(silent.front(), 1), "");  // The oldest made room.
  const UniqueFd socket = connect();
  write(socket, hello(JobId()));
  waitUntil([this] { return bool(taken_); });
  waitUntil([this] { return port_->waiting() <= 8; });
}

TEST_F(DataPortTest, OfThoseThatWaitTheSilentOnesMakeRoomFirst) {
  answer_ = PeerRouting::kNotYet;
  const UniqueFd with_hello = connect();
  write(with_hello, hello(JobId()) + "early");
  waitUntil([this] { return port_->waiting() == 1 && last_job_ == JobId(); });
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 20; ++i) {
    silent.push_back(connect());
  }
  EXPECT_EQ(read(silent.front(), 1), "");
  answer_ = PeerRouting::kTaken;
  waitUntil([this] {
    port_->retry();
    return bool(taken_);
  });
  EXPECT_EQ(read(taken_, 100), "early");
}

TEST_F(DataPortTest, ServesAgainAfterItRanOutOfDescriptors) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  std::vector<UniqueFd> peers;
  for (int i = 0; i < 3; ++i) {
    peers.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  }
  const UniqueFd highest(::dup(0));
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(highest.get() + 1);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (const UniqueFd& peer : peers) {
    ::connect(peer.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  for (const UniqueFd& peer : peers) {
    EXPECT_EQ(read(peer, 1), "");  // Turned away, not left waiting.
  }
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  const UniqueFd socket = connect();
  write(socket, hello(JobId()));
  waitUntil([this] { return bool(taken_); });
}

TEST_F(DataPortTest, NamesAPortThatIsTaken) {
  loop_.runSync([this] {
    const auto second =
        DataPort::listen(loop_, "127.0.0.1", port_->port(), config::Security::plainText(), {});
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message(),
                HasSubstr("127.0.0.1, data port " + std::to_string(port_->port())));
  });
}

}  // namespace
}  // namespace weir::taskmanager
