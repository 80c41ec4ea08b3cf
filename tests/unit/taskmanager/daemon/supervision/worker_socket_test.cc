#include "taskmanager/daemon/supervision/worker_socket.h"

#include <array>
#include <cstring>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

namespace weir::taskmanager {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FrameSocketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    peer_ = UniqueFd(pair[1]);
    loop_.runSync([&] {
      socket_ = std::make_unique<WorkerSocket>(
          loop_,
          UniqueFd(pair[0]),
          [this](std::string frame) { frames_.push_back(std::move(frame)); },
          [this](const std::string& reason) { ended_.set_value(reason); });
    });
  }
  void TearDown() override {
    loop_.shutdown();
    socket_.reset();
  }

  void write(const std::string& bytes) {
    ASSERT_EQ(::write(peer_.get(), bytes.data(), bytes.size()), ssize_t(bytes.size()));
  }
  std::string endReason() { return ended_.get_future().get(); }

  std::vector<std::string> frames_;  // Read after the end only.
  std::promise<std::string> ended_;
  UniqueFd peer_;
  IoLoop loop_{"test"};
  std::unique_ptr<WorkerSocket> socket_;
};

std::string frame(const std::string& content) {
  return std::string{static_cast<char>(content.size()), 0, 0, 0} + content;
}

TEST_F(FrameSocketTest, CutsTheStreamIntoFrames) {
  const std::string bytes = frame("one") + frame("") + frame("three");
  for (const char byte : bytes) {
    write(std::string(1, byte));
  }
  peer_.reset();
  EXPECT_EQ(endReason(), "");
  EXPECT_THAT(frames_, ElementsAre("one", "", "three"));
}

TEST_F(FrameSocketTest, RefusesAFrameThatIsTooLong) {
  write("\xff\xff\xff\xff");
  EXPECT_THAT(endReason(), HasSubstr("a frame of 4294967295 bytes"));
}

TEST_F(FrameSocketTest, QueuesWhatThePeerDoesNotReadYet) {
  const std::string large(3'000'000, 'x');
  loop_.runSync([&] {
    socket_->send(large);
    socket_->send("after");
  });
  std::string received(4 + large.size() + 4 + 5, '\0');
  std::size_t got = 0;
  while (got < received.size()) {
    const ssize_t more = ::read(peer_.get(), received.data() + got, received.size() - got);
    ASSERT_GT(more, 0);
    got += static_cast<std::size_t>(more);
  }
  EXPECT_EQ(received.substr(4, large.size()), large);
  EXPECT_EQ(received.substr(received.size() - 5), "after");
}

TEST_F(FrameSocketTest, HandsADescriptorOverWithItsFrame) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const UniqueFd reader(pipe[0]);
  loop_.runSync([&] { socket_->send("take", UniqueFd(pipe[1])); });

  std::array<char, 8> bytes{};
  iovec part{bytes.data(), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ASSERT_EQ(::recvmsg(peer_.get(), &message, 0), 8);
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptor);
  const UniqueFd taken(descriptor);
  ASSERT_EQ(::write(taken.get(), "hi", 2), 2);
  ASSERT_EQ(::read(reader.get(), bytes.data(), 2), 2);
  EXPECT_EQ(std::string(bytes.data(), 2), "hi");
}

TEST_F(FrameSocketTest, TakesNothingWhilePausedAndEverythingWhenDrained) {
  loop_.runSync([&] { socket_->setReading(false); });
  write(frame("late"));
  peer_.reset();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  loop_.runSync([&] {
    EXPECT_TRUE(frames_.empty());
    socket_->drain();
  });
  EXPECT_EQ(endReason(), "");
  EXPECT_THAT(frames_, ElementsAre("late"));
}

}  // namespace
}  // namespace weir::taskmanager
