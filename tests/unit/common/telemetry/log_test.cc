#include "common/telemetry/log.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/telemetry/log_file.h"

namespace weir::log {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class LogTest : public testing::Test {
 protected:
  LogTest() {
    directory_ =
        std::filesystem::temp_directory_path() / ("weir-log-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
  }
  ~LogTest() override {
    EXPECT_TRUE(configure({}).has_value());
    std::filesystem::remove_all(directory_);
  }

  std::string file() const { return (directory_ / "x.log").string(); }
  static std::string read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  std::filesystem::path directory_;
};

TEST_F(LogTest, WritesTimeLevelNameMessageAndFields) {
  ASSERT_TRUE(configure({.level = Level::kInfo, .file = file()}).has_value());
  setComponent("jobmanager");
  info("job restarted",
       {{"job", std::string("ab12")}, {"attempt", 3}, {"why", "out of \"luck\""}, {"ok", true}});
  EXPECT_THAT(read(file()),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3} INFO  "
                           "\\[jobmanager\\] job restarted job=ab12 attempt=3 "
                           "why=\"out of \\\\\"luck\\\\\"\" ok=true\n"));
}

TEST_F(LogTest, LeavesOutWhatIsBelowTheLevel) {
  ASSERT_TRUE(configure({.level = Level::kWarn, .file = file()}).has_value());
  info("quiet");
  warn("loud");
  EXPECT_THAT(read(file()), HasSubstr("WARN  "));
  EXPECT_THAT(read(file()), Not(HasSubstr("quiet")));
}

TEST_F(LogTest, KeepsTheFilesOfEarlierStarts) {
  for (const char* start : {"one", "two", "three"}) {
    ASSERT_TRUE(configure({.file = file(), .rotate = 1}).has_value());
    info(start);
  }
  EXPECT_THAT(read(file()), HasSubstr("three"));
  EXPECT_THAT(read(file() + ".1"), HasSubstr("two"));
  EXPECT_FALSE(std::filesystem::exists(file() + ".2"));
}

TEST_F(LogTest, AFileThatIsLargeBecomesAnEarlierOne) {
  ASSERT_TRUE(configure({.file = file(), .rotate = 2}).has_value());
  rotateAt(1000);
  for (int i = 0; i < 100; ++i) {
    info("a line of some length, so that few of them fill a file", {{"n", i}});
  }
  EXPECT_THAT(read(file()), HasSubstr("n=99\n"));
  for (const char* earlier : {"", ".1", ".2"}) {
    EXPECT_LE(read(file() + earlier).size(), 1000U);
    EXPECT_GT(read(file() + earlier).size(), 0U);
  }
  EXPECT_FALSE(std::filesystem::exists(file() + ".3"));
}

TEST_F(LogTest, WithoutEarlierFilesTheFileGrows) {
  ASSERT_TRUE(configure({.file = file(), .rotate = 0}).has_value());
  rotateAt(100);
  for (int i = 0; i < 10; ++i) {
    info("a line of some length, so that few of them fill a file", {{"n", i}});
  }
  EXPECT_THAT(read(file()), AllOf(HasSubstr("n=0\n"), HasSubstr("n=9\n")));
}

TEST_F(LogTest, OpensAgainWhatWasMovedAway) {
  ASSERT_TRUE(configure({.file = file()}).has_value());
  info("before");
  std::filesystem::rename(file(), file() + ".moved");
  info("between");
  ASSERT_TRUE(reopen().has_value());
  info("after");
  EXPECT_THAT(read(file() + ".moved"), AllOf(HasSubstr("before"), HasSubstr("between")));
  EXPECT_THAT(read(file()), AllOf(HasSubstr("after"), Not(HasSubstr("between"))));
}

TEST_F(LogTest, GoesOnAfterItsFileWasEmptied) {
  ASSERT_TRUE(configure({.file = file()}).has_value());
  info("before");
  std::filesystem::resize_file(file(), 0);
  info("after");
  EXPECT_EQ(read(file()).find('\0'), std::string::npos);
  EXPECT_THAT(read(file()), AllOf(HasSubstr("after"), Not(HasSubstr("before"))));
}

TEST_F(LogTest, StandardErrorFollowsTheFileItWritesTo) {
  const int before = ::dup(STDERR_FILENO);
  const int opened = ::open(file().c_str(), O_WRONLY | O_APPEND | O_CREAT, 0644);
  ::dup2(opened, STDERR_FILENO);
  ASSERT_EQ(::write(STDERR_FILENO, "early\n", 6), 6);
  const bool configured = configure({.file = file(), .rotate = 1}).has_value();
  const ssize_t written = ::write(STDERR_FILENO, "late\n", 5);
  std::filesystem::rename(file(), file() + ".moved");
  const bool reopened = reopen().has_value();
  const ssize_t last = ::write(STDERR_FILENO, "last\n", 5);
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  ::close(opened);
  EXPECT_TRUE(configured && reopened && written == 5 && last == 5);
  EXPECT_EQ(read(file() + ".1"), "early\n");
  EXPECT_EQ(read(file() + ".moved"), "late\n");
  EXPECT_EQ(read(file()), "last\n");
}

TEST_F(LogTest, SpellsOutWhatATerminalWouldObey) {
  EXPECT_EQ(format(Level::kInfo, "x", "a\x1b[2J", {{"name", "caf\xe9\x1b"}}),
            "INFO  [x] a\\x1b[2J name=\"caf\\xe9\\x1b\"");
}

TEST_F(LogTest, AFileThatCannotBeWrittenIsNamed) {
  const Status status = configure({.file = "/proc/nowhere/x.log"});
  ASSERT_FALSE(status.has_value());
  EXPECT_THAT(status.error().message(), HasSubstr("/proc/nowhere/x.log"));
}

TEST_F(LogTest, LinesOfManyThreadsAreNotTorn) {
  ASSERT_TRUE(configure({.file = file()}).has_value());
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([] {
        for (int n = 0; n < 50; ++n) {
          info("a line\nwith a break", {{"n", n}});
        }
      });
    }
  }
  std::istringstream lines(read(file()));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_THAT(line, HasSubstr("] a line\\nwith a break n="));
  }
  EXPECT_EQ(count, 200);
}

TEST_F(LogTest, LevelsHaveNames) {
  EXPECT_EQ(*parseLevel("Debug"), Level::kDebug);
  EXPECT_FALSE(parseLevel("loud").has_value());
}

}  // namespace
}  // namespace weir::log
