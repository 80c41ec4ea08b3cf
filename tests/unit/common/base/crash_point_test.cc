#include "common/base/crash_point.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

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

TEST_F(CrashPointDeathTest, NotesThePointBeforeItKills) {
  // A death test's child runs this from the start, and must find its parent's file.
  const std::string own = testing::TempDir() + "crash-points-" + std::to_string(::getpid());
  ::setenv("CRASH_POINT_TEST_LOG", own.c_str(), /*overwrite=*/0);
  const std::string path = std::getenv("CRASH_POINT_TEST_LOG");
  ::setenv(kCrashLog, path.c_str(), 1);
  EXPECT_EXIT(passTwice("test.second"), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(passTwice("test.first:3"), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(passTwice("test.first"), testing::KilledBySignal(SIGKILL), "");
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator(file), {}), "test.second\ntest.first\n");
  std::filesystem::remove(path);
}

TEST_F(CrashPointDeathTest, DoesNothingWhereItIsNotAskedTo) {
  EXPECT_EXIT(passTwice("test.first:3"), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(passTwice("test"), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(passTwice(""), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace weir
