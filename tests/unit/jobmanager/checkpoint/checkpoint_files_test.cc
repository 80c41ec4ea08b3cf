#include "jobmanager/checkpoint/checkpoint_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"
#include "common/fs/memory_file_system.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Lt;

class CheckpointFilesTest : public ::testing::Test {
 protected:
  std::string nameOf(std::size_t number) { return "file-" + std::to_string(number); }
  void write(std::size_t count, std::size_t first = 0) {
    for (std::size_t i = first; i < first + count; ++i) {
      ASSERT_TRUE(fs::writeAll(files_, directory_ + "/" + nameOf(i), "x"));
    }
  }
  void remove(std::size_t number) { removal_.remove(CheckpointId(3), {nameOf(number)}); }

  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor strand_{time_};
  concurrency::SimulatedExecutor io_{time_};
  fs::MemoryFileSystem files_;
  FileWork work_{strand_, io_};
  std::size_t ended_ = 0;
  CheckpointFiles removal_{files_, work_, {testing::jobId(1), "file:/c"}, [this] { ++ended_; }};
  const std::string directory_ = "file:/c/chk-3";
};

TEST_F(CheckpointFilesTest, LooksIntoTheDirectoryOfAThousandLateFilesAFewTimes) {
  write(1000);
  const std::uint64_t before = files_.operations();
  for (std::size_t i = 0; i < 1000; ++i) {
    remove(i);
    time_.runDue();
  }
  EXPECT_THAT(files_.files(), IsEmpty());
  EXPECT_FALSE(files_.stat(directory_));
  EXPECT_THAT(files_.operations() - before, Lt(1010U));
}

TEST_F(CheckpointFilesTest, RemovesTogetherWhatComesWhileOthersAreRemoved) {
  write(1000);
  for (std::size_t i = 0; i < 1000; ++i) {
    remove(i);
  }
  EXPECT_EQ(removal_.outstanding(), 1U);
  time_.runDue();
  EXPECT_THAT(files_.files(), IsEmpty());
  EXPECT_FALSE(files_.stat(directory_));
  EXPECT_EQ(ended_, 2U);
}

TEST_F(CheckpointFilesTest, LeavesTheDirectoryWhileAFileOfAnotherTaskIsInIt) {
  write(2);
  remove(0);
  time_.runDue();
  EXPECT_THAT(files_.files(), ElementsAre(::testing::HasSubstr("file-1")));
  write(2, 2);
  remove(1);
  time_.runDue();
  remove(2);
  remove(3);
  time_.runDue();
  EXPECT_FALSE(files_.stat(directory_));
}

TEST_F(CheckpointFilesTest, GoesOnAfterAFileThatIsNotThere) {
  write(2);
  remove(7);
  time_.runDue();
  remove(0);
  remove(1);
  time_.runDue();
  EXPECT_FALSE(files_.stat(directory_));
  EXPECT_EQ(removal_.outstanding(), 0U);
}

}  // namespace
}  // namespace weir::jobmanager
