#include <cstdint>
#include <filesystem>
#include <string>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/connector/print_sink.h"
#include "common/connector/socket_sink.h"
#include "common/connector/socket_source.h"
#include "tests/unit/common/connector/harness.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SinksTest : public ConnectorTest {
 protected:
  Subtask alone_;
};

TEST_F(SinksTest, PrintsWholeLinesWithThePrefixOfTheSubtask) {
  ::testing::internal::CaptureStdout();
  PrintSink single;
  single.open(alone_.context());
  single.invoke("alone");
  Subtask second(1, 2);
  PrintSink parallel;
  parallel.open(second.context());
  parallel.invoke("of two");
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "alone\n2> of two\n");
}

/// A server on loopback that serves one connection.
class SocketTest : public SinksTest {
 protected:
  SocketTest() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 4);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~SocketTest() override { ::close(listener_); }
  int accept() const { return ::accept(listener_, nullptr, nullptr); }

  int listener_;
  std::uint16_t port_ = 0;
};

TEST_F(SocketTest, SourceEmitsLinesUntilTheServerCloses) {
  SocketSource source("127.0.0.1", port_);
  source.open(alone_.context());
  Collected<std::string> context;
  EXPECT_EQ(source.pollNext(context), InputStatus::kMoreAvailable);
  const int server = accept();
  EXPECT_EQ(source.pollNext(context), InputStatus::kNothingAvailable);
  ASSERT_EQ(::send(server, "one\r\ntwo\nrest", 13, 0), 13);
  ::close(server);
  EXPECT_THAT(drain(source, context), ElementsAre("one", "two", "rest"));
}

/// Closes so that the peer sees a reset and not an end.
void reset(int server) {
  const linger at_once{1, 0};
  ::setsockopt(server, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(server);
}

/// Polls until there is an end or a failure, whose text it gives.
std::string failureOf(SocketSource& source, Collected<std::string>& context) {
  try {
    drain(source, context);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST_F(SocketTest, SourceFailsWhenTheConnectionBreaksAndEmitsNoHalfLine) {
  SocketSource source("127.0.0.1", port_);
  source.open(alone_.context());
  Collected<std::string> context;
  source.pollNext(context);
  const int server = accept();
  ASSERT_EQ(::send(server, "one\nha", 6, 0), 6);
  while (source.pollNext(context) != InputStatus::kMoreAvailable) {
  }
  reset(server);
  const std::string failure = failureOf(source, context);
  EXPECT_THAT(failure, HasSubstr("read from 127.0.0.1:" + std::to_string(port_)));
  EXPECT_THAT(failure, HasSubstr("in the middle of a line: the 2 bytes"));
  EXPECT_THAT(context.take(), ElementsAre("one"));
}

TEST_F(SocketTest, SourceFailsWhenTheConnectionBreaksBetweenLines) {
  SocketSource source("127.0.0.1", port_);
  source.open(alone_.context());
  Collected<std::string> context;
  source.pollNext(context);
  reset(accept());
  EXPECT_THAT(failureOf(source, context), HasSubstr("reset"));
}

TEST_F(SocketTest, SourceWithRetriesNeverJoinsLinesOfTwoConnections) {
  SocketSource source("127.0.0.1", port_, "\n", 1);
  source.open(alone_.context());
  Collected<std::string> context;
  for (const char* text : {"a\nbro", "ken\nclo", "sed\n"}) {
    while (source.pollNext(context) != InputStatus::kMoreAvailable) {
    }
    const int server = accept();
    ASSERT_GT(::send(server, text, std::string(text).size(), 0), 0);
    while (source.pollNext(context) != InputStatus::kMoreAvailable) {
    }
    text[0] == 'a' ? reset(server) : static_cast<void>(::close(server));
  }
  ::close(std::exchange(listener_, -1));
  EXPECT_THAT(drain(source, context), ElementsAre("a", "ken", "clo", "sed"));
}

TEST_F(SocketTest, SourceThrowsWhenThereIsNoServer) {
  ::shutdown(listener_, SHUT_RDWR);
  ::close(std::exchange(listener_, -1));
  SocketSource source("127.0.0.1", port_);
  source.open(alone_.context());
  Collected<std::string> context;
  EXPECT_THROW(source.pollNext(context), std::runtime_error);
}

TEST_F(SocketTest, SinkSendsLines) {
  SocketSink sink("127.0.0.1", port_);
  sink.open(alone_.context());
  const int server = accept();
  sink.invoke("line");
  sink.endInput();
  sink.close();
  char bytes[16] = {};
  EXPECT_EQ(::recv(server, bytes, sizeof bytes, MSG_WAITALL), 5);
  EXPECT_STREQ(bytes, "line\n");
  ::close(server);
}

TEST_F(SocketTest, SinkFailsAtTheEndWhenTheServerHasResetTheConnection) {
  SocketSink sink("127.0.0.1", port_);
  sink.open(alone_.context());
  const int server = accept();
  sink.invoke("the only line");
  reset(server);
  EXPECT_THROW(sink.endInput(), std::runtime_error);
  sink.close();
}

}  // namespace
}  // namespace weir
