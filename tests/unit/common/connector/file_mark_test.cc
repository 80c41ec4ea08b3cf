#include "common/connector/file_mark.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/connector/harness.h"

namespace weir::connector {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FileMarkTest : public ConnectorTest {
 protected:
  FileMark markOf(char job, std::uint64_t attempt, std::uint32_t subtask = 0) {
    return {path("out"), FileOwner{std::string(32, job), attempt, subtask}};
  }
  static void writePart(const FileMark& mark, const std::string& name) {
    std::ofstream(mark.attempt() + "/" + name) << "lines";
  }
  std::vector<std::string> jobs() { return *markedBy(path(""), "out"); }
};

TEST_F(FileMarkTest, TellsTheOtherJobsAndSubtasksThatWriteToTheFile) {
  const FileMark own = markOf('a', 1);
  ASSERT_TRUE(own.claim());
  EXPECT_THAT(*own.otherJobs(), IsEmpty());
  EXPECT_FALSE(*own.otherSubtasks());
  ASSERT_TRUE(markOf('b', 1).claim());
  ASSERT_TRUE(markOf('a', 1, 7).claim());
  EXPECT_THAT(*own.otherJobs(), ElementsAre(std::string(32, 'b')));
}

TEST_F(FileMarkTest, AnAttemptRemovesThePartsOfEarlierOnes) {
  const FileMark first = markOf('a', 1);
  const FileMark second = markOf('a', 2);
  ASSERT_TRUE(first.claim());
  writePart(first, "1");
  ASSERT_TRUE(second.claim());
  EXPECT_FALSE(std::filesystem::exists(first.attempt()));
  EXPECT_TRUE(std::filesystem::exists(second.attempt()));
}

TEST_F(FileMarkTest, DeletesNothingThatIsNotNamedAsItsParts) {
  const FileMark mark = markOf('a', 1);
  ASSERT_TRUE(mark.claim());
  writePart(mark, "1");
  writePart(mark, "notes");
  ASSERT_TRUE(mark.remove());
  EXPECT_FALSE(std::filesystem::exists(mark.attempt() + "/1"));
  EXPECT_TRUE(std::filesystem::exists(mark.attempt() + "/notes"));
}

TEST_F(FileMarkTest, RemovesTheMarksOfOtherJobsAndNotItsOwn) {
  const FileMark own = markOf('a', 1);
  ASSERT_TRUE(own.claim());
  ASSERT_TRUE(markOf('b', 1).claim());
  ASSERT_TRUE(own.removeOthers());
  EXPECT_THAT(jobs(), ElementsAre(std::string(32, 'a')));
  own.removeEmpty();
  EXPECT_THAT(jobs(), IsEmpty());
}

}  // namespace
}  // namespace weir::connector
