#include "common/base/crash_point.h"

#include <csignal>
#include <cstdlib>

#include <gtest/gtest.h>

namespace weir {
namespace {

/// Ends with 0 when it was not killed before.
[[noreturn]] void passTwice(const char* crash_at) {
  ::setenv(kCrashAt, crash_at, 1);
  crashPoint("test.first");
  crashPoint("test.second");
  crashPoint("test.first");
  std::exit(0);
}

class CrashPointDeathTest : public testing::Test {
 protected:
  // The variable is read once for each process.
  CrashPointDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(CrashPointDeathTest, KillsTheProcessWhereItIsAskedTo) {
  EXPECT_EXIT(passTwice("test.second"), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(passTwice("test.first:2"), testing::KilledBySignal(SIGKILL), "");
}

TEST_F(CrashPointDeathTest, DoesNothingWhereItIsNotAskedTo) {
  EXPECT_EXIT(passTwice("test.first:3"), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(passTwice("test"), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(passTwice(""), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace weir
