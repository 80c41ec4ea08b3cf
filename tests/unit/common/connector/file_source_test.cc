#include "common/connector/file_source.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/connector/line_reader.h"
#include "common/fs/local_file_system.h"
#include "tests/unit/common/connector/harness.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FileSourceTest : public ConnectorTest {
 protected:
  /// All lines that subtask `index` of `parallelism` reads from the start.
  std::vector<std::string> lines(FileSource source,
                                 std::uint32_t index = 0,
                                 std::uint32_t parallelism = 1) {
    Subtask subtask(index, parallelism);
    source.open(subtask.context());
    Collected<std::string> context;
    auto all = drain(source, context);
    source.close();
    return all;
  }
};

TEST_F(FileSourceTest, EmitsLinesWithoutTheirEnds) {
  EXPECT_THAT(lines(FileSource(write("a", "one\n\ntwo\xff\nthree"))),
              ElementsAre("one", "", "two\xff", "three"));
  EXPECT_THAT(lines(FileSource(write("b", "one\n"))), ElementsAre("one"));
  EXPECT_THAT(lines(FileSource(write("c", ""))), IsEmpty());
}

TEST_F(FileSourceTest, TakesACarriageReturnForPartOfTheEndOnlyBeforeANewline) {
  EXPECT_THAT(lines(FileSource(write("a", "a\r\nb\r\n"))), ElementsAre("a", "b"));
  EXPECT_THAT(lines(FileSource(write("b", "a\rb\n\r\n\r\r\nc\r"))),
              ElementsAre("a\rb", "", "\r", "c\r"));
}

TEST_F(FileSourceTest, RefusesWhatIsNeitherFileNorDirectory) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  try {
    lines(FileSource(path("pipe")));
    FAIL() << "it did not throw";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(path("pipe") + " is no regular file"));
  }
}

TEST_F(FileSourceTest, ThrowsWhenAFileShrinksWhileItIsRead) {
  fs::LocalFileSystem files;
  write("a", std::string(1'000'000, 'x') + "\n" + std::string(1'000'000, 'y'));
  auto reader = connector::LineReader::open(files, {path("a"), 0, 2'000'001});
  ASSERT_TRUE(reader.has_value());
  ASSERT_TRUE((*reader)->next().has_value());
  std::filesystem::resize_file(path("a"), 1'500'000);
  EXPECT_FALSE((*reader)->next().has_value());
}

TEST_F(FileSourceTest, ReadsLinesLongerThanItsPieces) {
  const std::string longest(1'000'000, 'x');
  EXPECT_THAT(lines(FileSource(write("a", "y\n" + longest + "\nz\n"))),
              ElementsAre("y", longest, "z"));
}

TEST_F(FileSourceTest, ReadsTheFilesOfADirectoryInOrder) {
  write("in/b", "2\n");
  write("in/a", "1\n");
  write("in/.hidden", "no\n");
  write("in/_SUCCESS", "no\n");
  write("in/deeper/c", "3\n");
  EXPECT_THAT(lines(FileSource(path("in"))), ElementsAre("1", "2"));
  EXPECT_THAT(lines(FileSource(path("in")).recursive()), ElementsAre("1", "2", "3"));
}

TEST_F(FileSourceTest, DealsEachFileToOneSubtask) {
  std::vector<std::string> all;
  for (int i = 0; i < 7; ++i) {
    write("in/" + std::to_string(i), std::to_string(i) + "\n");
  }
  for (std::uint32_t subtask = 0; subtask < 3; ++subtask) {
    for (const std::string& line : lines(FileSource(path("in")), subtask, 3)) {
      all.push_back(line);
    }
  }
  std::sort(all.begin(), all.end());
  EXPECT_THAT(all, ElementsAre("0", "1", "2", "3", "4", "5", "6"));
}

TEST_F(FileSourceTest, GoesOnBehindTheLastEmittedLineAfterARestore) {
  const int kLines = 200;
  std::string text;
  for (int i = 0; i < kLines; ++i) {
    text += std::to_string(i) + "\n";
  }
  write("in/a", text);
  write("in/b", "last\n");
  FileSource first(path("in"));
  Subtask subtask;
  first.open(subtask.context());
  Collected<std::string> context;
  first.pollNext(context);
  auto all = context.take();
  ASSERT_LT(all.size(), static_cast<std::size_t>(kLines));

  write("in/new", "not seen at the first start\n");
  FileSource second(path("in"));
  second.restoreState(first.snapshotState(1));
  second.open(subtask.context());
  for (std::string& line : drain(second, context)) {
    all.push_back(std::move(line));
  }
  ASSERT_EQ(all.size(), static_cast<std::size_t>(kLines + 1));
  EXPECT_EQ(all[kLines / 2], std::to_string(kLines / 2));
  EXPECT_EQ(all.back(), "last");
}

TEST_F(FileSourceTest, ReadsNothingWhenNoSplitFellToItAfterARestore) {
  FileSource source(write("a", "1\n"));
  source.restoreState({});
  Subtask subtask;
  source.open(subtask.context());
  Collected<std::string> context;
  EXPECT_EQ(source.pollNext(context), InputStatus::kEndOfInput);
  EXPECT_THAT(context.take(), IsEmpty());
}

TEST_F(FileSourceTest, ThrowsNamingAMissingPath) {
  try {
    lines(FileSource(path("nowhere")));
    FAIL() << "it did not throw";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(path("nowhere")));
  }
}

TEST_F(FileSourceTest, ThrowsNamingAFileThatShrank) {
  FileSource source(path("unused"));
  source.restoreState({{write("a", "1\n"), 0, 100}});
  Subtask subtask;
  source.open(subtask.context());
  Collected<std::string> context;
  try {
    source.pollNext(context);
    FAIL() << "it did not throw";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(path("a") + " has 2 bytes"));
  }
}

TEST_F(FileSourceTest, HoldsBackToItsRate) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += "line\n";
  }
  FileSource source(write("a", text));
  source.recordsPerSecond(100);
  Subtask subtask;
  source.open(subtask.context());
  Collected<std::string> context;
  source.pollNext(context);
  EXPECT_EQ(source.pollNext(context), InputStatus::kNothingAvailable);
  EXPECT_LT(context.take().size(), 20U);
}

TEST_F(FileSourceTest, ReadsEachLineInTheSplitWhereItBegins) {
  fs::LocalFileSystem files;
  const std::string text = "one\ntwo\r\nthree\n\r\nfive";
  const std::string file = write("a", text);
  for (std::uint64_t cut = 0; cut <= text.size(); ++cut) {
    std::vector<std::string> lines;
    for (const FileSplit& split : {FileSplit{file, 0, cut}, FileSplit{file, cut, text.size()}}) {
      auto reader = connector::LineReader::open(files, split);
      ASSERT_TRUE(reader.has_value());
      for (auto line = (*reader)->next(); line.has_value() && *line; line = (*reader)->next()) {
        lines.emplace_back(**line);
      }
    }
    EXPECT_THAT(lines, ElementsAre("one", "two", "three", "", "five")) << "cut at " << cut;
  }
}

TEST(Pace, GivesARateAndNoMoreThanATenthOfASecondAfterAPause) {
  Pace pace(1000);
  SteadyTime now{std::chrono::hours(1)};
  std::uint64_t total = 0;
  for (int i = 0; i < 1000; ++i) {
    now += std::chrono::milliseconds(1);
    const auto allowed = pace.allowed(now);
    pace.emitted(allowed);
    total += allowed;
  }
  EXPECT_NEAR(static_cast<double>(total), 1000, 3);
  EXPECT_LE(pace.allowed(now + std::chrono::hours(1)), 100U);
}

}  // namespace
}  // namespace weir
