// What becomes of a savepoint whose job manager has died over it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"
#include "common/snapshot/metadata_file.h"
#include "common/snapshot/use_marks.h"
#include "jobmanager/savepoint/savepoint_files.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SavepointSettlingTest : public ::testing::Test {
 protected:
  SavepointSettlingTest() {
    metadata_.job = testing::jobId(1);
    metadata_.checkpoint = CheckpointId(3);
    metadata_.savepoint = true;
    metadata_.data_directory = checkpoint_;
    metadata_.location = savepoint_;
    runtime::SavedOperator& one = metadata_.operators.emplace_back();
    one.id = testing::operatorId(1);
    runtime::SectionHandle& handle = one.subtasks.emplace_back().handle;
    handle.storage = runtime::SectionHandle::Storage::kFile;
    handle.location = "data";
    handle.size = 5;
  }
  void writeCheckpoint() {
    ASSERT_TRUE(fs::writeAll(files_, checkpoint_ + "/data", "12345"));
    ASSERT_TRUE(snapshot::writeMetadata(files_, checkpoint_, metadata_));
  }
  void writeMark() {
    ASSERT_TRUE(snapshot::writeMark(files_, savepoint_, testing::jobId(1), "who died"));
  }
  void writeEntry() {
    writeMark();
    ASSERT_TRUE(snapshot::writeMetadata(files_, savepoint_, metadata_));
  }
  /// "whole", "none", or why it is not known.
  std::string settle(std::uint64_t checkpoint = 3) {
    const auto found =
        settleSavepoint(files_, savepoint_, testing::jobId(1), CheckpointId(checkpoint), 1 << 20);
    return !found ? found.error().text() : *found ? "whole" : "none";
  }

  fs::MemoryFileSystem files_;
  const std::string savepoint_ = "file:/s/savepoint-0123456789ab";
  const std::string checkpoint_ = "file:/c/" + testing::jobId(1).hex() + "/chk-3";
  runtime::CheckpointMetadata metadata_;
};

TEST_F(SavepointSettlingTest, OneThatIsWholeStaysAsItIs) {
  writeCheckpoint();
  writeEntry();
  const auto before = files_.files();
  EXPECT_EQ(settle(), "whole");
  EXPECT_EQ(files_.files(), before);
}

TEST_F(SavepointSettlingTest, WhatWasWrittenBeforeItsMetadataIsRemoved) {
  writeCheckpoint();
  writeMark();
  ASSERT_TRUE(fs::writeAll(files_, savepoint_ + "/state-1", "12345"));
  EXPECT_EQ(settle(), "none");
  EXPECT_THAT(files_.files(), Not(Contains(HasSubstr("/s/"))));
  EXPECT_FALSE(files_.stat(savepoint_));
  EXPECT_TRUE(files_.stat(checkpoint_ + "/data"));  // Its job's business.
}

TEST_F(SavepointSettlingTest, OneThatLacksItsStateIsRemoved) {
  writeCheckpoint();
  writeEntry();
  ASSERT_TRUE(files_.removeFile(checkpoint_ + "/data"));
  EXPECT_EQ(settle(), "none");
  EXPECT_FALSE(files_.stat(savepoint_));
}

TEST_F(SavepointSettlingTest, OneWhoseCheckpointWasBeingRemovedIsRemoved) {
  writeCheckpoint();
  writeEntry();
  ASSERT_TRUE(files_.removeFile(checkpoint_ + "/metadata"));
  EXPECT_EQ(settle(), "none");
  EXPECT_FALSE(files_.stat(savepoint_));
}

TEST_F(SavepointSettlingTest, NothingAtItsPlaceIsNone) {
  EXPECT_EQ(settle(), "none");
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SavepointSettlingTest, ThatOfAnotherCheckpointIsLeftAlone) {
  writeCheckpoint();
  writeEntry();
  EXPECT_EQ(settle(4), "none");
  EXPECT_TRUE(files_.stat(savepoint_ + "/metadata"));
}

TEST_F(SavepointSettlingTest, WhatIsNotOursStaysAndIsTold) {
  writeMark();
  ASSERT_TRUE(fs::writeAll(files_, savepoint_ + "/notes", "mine"));
  EXPECT_THAT(settle(), HasSubstr("there is more in it"));
  EXPECT_TRUE(files_.stat(savepoint_ + "/notes"));
}

}  // namespace
}  // namespace weir::jobmanager
