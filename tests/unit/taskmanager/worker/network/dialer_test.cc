#include "taskmanager/worker/network/dialer.h"

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::worker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Why `host` cannot be reached.
std::string refusal(const std::string& host, std::uint16_t port) {
  IoThread io;
  Dialer dialer(io, host, port);
  std::promise<std::string> told;
  io.start();
  io.post([&] {
    dialer.dial(std::chrono::milliseconds(100), [&](int fd, const std::string& error) {
      told.set_value(fd < 0 ? error : "connected");
    });
  });
  std::string error = told.get_future().get();
  io.stop();
  return error;
}

TEST(DialerTest, ANameThatDoesNotResolveIsToldWithTheKeyThatSetsIt) {
  const std::string host(100, 'a');  // Longer than a label may be: no server is asked.
  EXPECT_THAT(refusal(host, 1),
              AllOf(HasSubstr("the name '" + host + "' of its task manager does not resolve here"),
                    HasSubstr("taskmanager.hostname")));
}

TEST(DialerTest, AnAddressThatRefusesIsNoNameThatDoesNotResolve) {
  EXPECT_THAT(refusal("127.0.0.1", 1),
              AllOf(HasSubstr("refused"), Not(HasSubstr("taskmanager.hostname"))));
}

}  // namespace
}  // namespace weir::worker
