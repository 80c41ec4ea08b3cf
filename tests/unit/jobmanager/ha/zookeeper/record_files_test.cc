#include "jobmanager/ha/zookeeper/record_files.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/fs/local_file_system.h"
#include "common/fs/memory_file_system.h"

namespace weir::ha {
namespace {

class RecordFilesTest : public ::testing::Test {
 protected:
  static Result<RecordNode> write(RecordFiles& to, LeaderEpoch epoch, const std::string& record) {
    const RecordNode node = to.name(epoch, record);
    WEIR_RETURN_IF_ERROR(to.write(node, record));
    return node;
  }
  std::size_t count() { return files_.list("/ha")->size(); }

  SystemRandom random_;
  fs::MemoryFileSystem files_;
  RecordFiles records_{files_, "/ha", "/flink", random_};
};

TEST_F(RecordFilesTest, ARecordIsReadByWhatPointsToIt) {
  const auto node = write(records_, LeaderEpoch(3), "a record");
  ASSERT_TRUE(node.has_value());
  EXPECT_EQ(*records_.read(*node), "a record");
  RecordNode other = *node;
  other.checksum += 1;
  EXPECT_EQ(records_.read(other).error().code(), ErrorCode::kCorruption);
  ASSERT_TRUE(records_.remove(node->file).has_value());
  EXPECT_EQ(records_.read(*node).error().code(), ErrorCode::kNotFound);
}

TEST_F(RecordFilesTest, TheNewestEpochIsThatOfItsFiles) {
  EXPECT_EQ(*records_.newest(), LeaderEpoch());
  ASSERT_TRUE(write(records_, LeaderEpoch(9), "").has_value());
  ASSERT_TRUE(write(records_, LeaderEpoch(10), "").has_value());
  EXPECT_EQ(*records_.newest(), LeaderEpoch(10));
}

TEST_F(RecordFilesTest, ASweepTakesWhatEarlierLeadersLeftAndNothingElse) {
  const auto needed = write(records_, LeaderEpoch(1), "needed");
  ASSERT_TRUE(write(records_, LeaderEpoch(1), "left").has_value());
  ASSERT_TRUE(write(records_, LeaderEpoch(2), "being written").has_value());
  RecordFiles others(files_, "/ha", "/another", random_);
  ASSERT_TRUE(write(others, LeaderEpoch(1), "another cluster's").has_value());
  const std::string letters(24, 'a');
  for (const std::string& name :
       {std::string("notes"), "record-1-" + letters, "record-x-" + letters}) {
    ASSERT_TRUE(fs::writeAll(files_, "/ha/" + name, "no record").has_value());
  }
  ASSERT_TRUE(records_.sweep(LeaderEpoch(2), {needed->file}).has_value());
  EXPECT_EQ(count(), 6U);
  EXPECT_TRUE(records_.read(*needed).has_value());
}

TEST_F(RecordFilesTest, ASweepTakesWhatAKilledLeaderWasWritingAndNothingElse) {
  fs::LocalFileSystem local;
  const std::string directory =
      (std::filesystem::temp_directory_path() / ("weir-records-" + std::to_string(::getpid())))
          .string();
  RecordFiles records(local, directory, "/flink", random_);
  const std::string of_leader = ".record-1-" + std::string(24, 'a') + ".0123456789ab.tmp";
  const std::string of_us = ".record-2-" + std::string(24, 'a') + ".0123456789ab.tmp";
  const std::string other = ".notes.0123456789ab.tmp";
  for (const std::string& name : {of_leader, of_us, other}) {
    ASSERT_TRUE(fs::writeAll(local, directory + "/" + name, "").has_value());
  }
  ASSERT_TRUE(records.sweep(LeaderEpoch(2), {}).has_value());
  EXPECT_FALSE(local.stat(directory + "/" + of_leader).has_value());
  EXPECT_TRUE(local.stat(directory + "/" + of_us).has_value());
  EXPECT_TRUE(local.stat(directory + "/" + other).has_value());
  ASSERT_TRUE(local.removeAll(directory).has_value());
}

}  // namespace
}  // namespace weir::ha
