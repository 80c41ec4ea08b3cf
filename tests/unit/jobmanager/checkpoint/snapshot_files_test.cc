#include "jobmanager/checkpoint/snapshot_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"

namespace weir::jobmanager {
namespace {

using ::testing::HasSubstr;

TEST(SnapshotFilesTest, RefusesMetadataAboveItsLimitBeforeReadingIt) {
  fs::MemoryFileSystem files;
  ASSERT_TRUE(fs::writeAll(files, "/s/metadata", std::string(5000, 'x')));
  const auto read = readMetadata(files, "/s", {}, 4999);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_THAT(read.error().text(), HasSubstr("/s/metadata has 5000 bytes, and at most 4999"));
  EXPECT_THAT(read.error().text(), HasSubstr("jobmanager.max-metadata-size"));
  EXPECT_EQ(readMetadata(files, "/s", {}, 5000).error().code(), ErrorCode::kCorruption);
}

TEST(SnapshotFilesTest, WritesNoMetadataThatItWouldNotReadAgain) {
  fs::MemoryFileSystem files;
  runtime::CheckpointMetadata metadata;
  metadata.job_name.assign(1000, 'j');
  const Status written = writeMetadata(files, "/s", metadata, 1000);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_FALSE(files.stat("/s/metadata"));
  EXPECT_TRUE(writeMetadata(files, "/s", metadata, 2000));
  EXPECT_TRUE(readMetadata(files, "/s", {}, 2000));
}

}  // namespace
}  // namespace weir::jobmanager
