#include "common/snapshot/layout.h"

#include <gtest/gtest.h>

#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::snapshot {
namespace {

TEST(LayoutTest, KnowsTheNamesThatItGives) {
  const JobId job = testing::jobId(7);
  const std::string checkpoint = checkpointDirectory("file:/c/" + job.hex(), CheckpointId(12));
  EXPECT_EQ(checkpoint, "file:/c/" + job.hex() + "/chk-12");
  EXPECT_TRUE(isCheckpointDirectory(checkpoint));
  EXPECT_TRUE(isCheckpointDirectory(checkpoint, job, CheckpointId(12)));
  EXPECT_TRUE(isSavepointName(savepointName("0123456789ab")));
  const std::string file = taskFileName(testing::operatorId(3), 4, 5, "0a1b2c3d");
  EXPECT_EQ(file, "00000000-4-5-0a1b2c3d");
  EXPECT_TRUE(isTaskFile(file));
  EXPECT_TRUE(isStateFileName(file));
  EXPECT_TRUE(isOwnState(ownStateName(9)));
  EXPECT_EQ(markedJob(markName(job)), job);
}

TEST(LayoutTest, TellsTheCheckpointsOfOneJobFromThoseOfAnother) {
  const std::string checkpoint =
      checkpointDirectory("/c/" + testing::jobId(1).hex(), CheckpointId(2));
  EXPECT_FALSE(isCheckpointDirectory(checkpoint, testing::jobId(2), CheckpointId(2)));
  EXPECT_FALSE(isCheckpointDirectory(checkpoint, testing::jobId(1), CheckpointId(3)));
}

TEST(LayoutTest, TakesNothingElseForADirectoryOfACheckpoint) {
  const std::string job = testing::jobId(1).hex();
  for (const std::string& directory : {"/c/" + job,
                                       "/c/" + job + "/chk-",
                                       "/c/" + job + "/chk-1a",
                                       std::string("/c/notes/chk-1"),
                                       "/c/" + job + "/savepoint-1",
                                       std::string("chk-1"),
                                       std::string()}) {
    EXPECT_FALSE(isCheckpointDirectory(directory)) << directory;
  }
}

TEST(LayoutTest, TakesNothingElseForAFileOfATask) {
  for (const char* name : {"0a0b0c0d-0-1",
                           "0a0b0c0-0-1-00000001",
                           "0a0b0c0d-x-1-00000001",
                           "0a0b0c0d-0--00000001",
                           "0a0b0c0d-0-1-0000001",
                           "0a0b0c0d-0-1-00000001-",
                           "0A0B0C0D-0-1-00000001",
                           "metadata",
                           ""}) {
    EXPECT_FALSE(isTaskFile(name)) << name;
  }
}

TEST(LayoutTest, TakesNothingElseForAMark) {
  for (const std::string& name : {std::string("in-use-"),
                                  std::string("in-use-0"),
                                  testing::jobId(1).hex(),
                                  "in-use-" + testing::jobId(1).hex() + "0"}) {
    EXPECT_FALSE(markedJob(name)) << name;
  }
}

TEST(LayoutTest, AUserMayNameASavepointByItsMetadataOrWithASlash) {
  for (const char* path : {"/s/savepoint-1", "/s/savepoint-1/", "file:/s/savepoint-1/metadata"}) {
    const auto directory = savepointDirectory(path);
    ASSERT_TRUE(directory) << directory.error().text();
    EXPECT_EQ(*directory, "file:/s/savepoint-1");
  }
  EXPECT_FALSE(savepointDirectory("savepoint-1"));
}

TEST(LayoutTest, ASharedFileTellsWhichCheckpointStoredItFirst) {
  const auto vertex = *OperatorId::parse("0a0b0c0d0e0f00010203040506070809");
  const std::string name = sharedFileName(vertex, 3, 2, CheckpointId(17), "89abcdef");
  EXPECT_EQ(name, "0a0b0c0d-3-2-17-89abcdef");
  EXPECT_EQ(sharedSince(name), CheckpointId(17));
  EXPECT_FALSE(isTaskFile(name));
  for (const char* other : {"0a0b0c0d-3-2-89abcdef",
                            "0a0b0c0d-3-2-x-89abcdef",
                            "0a0b0c0d-3-2-17-89abcdef-",
                            "0a0b0c0d-3-2-9999999999999999999-89abcdef",
                            "../0b0c0d-3-2-17-89abcdef",
                            ""}) {
    EXPECT_FALSE(sharedSince(other).has_value()) << other;
  }
  EXPECT_EQ(sharedDirectory("file:/c/job/chk-4"), "file:/c/job/shared");
}

}  // namespace
}  // namespace weir::snapshot
