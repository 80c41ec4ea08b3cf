#include "common/snapshot/metadata_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"

namespace weir::snapshot {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(MetadataFileTest, RefusesMetadataAboveItsLimitBeforeReadingIt) {
  fs::MemoryFileSystem files;
  ASSERT_TRUE(fs::writeAll(files, "/s/metadata", std::string(5000, 'x')));
  const auto read = readMetadata(files, "/s", {}, 4999);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_THAT(read.error().text(), HasSubstr("/s/metadata has 5000 bytes, and at most 4999"));
  EXPECT_THAT(read.error().text(), HasSubstr("jobmanager.max-metadata-size"));
  EXPECT_EQ(readMetadata(files, "/s", {}, 5000).error().code(), ErrorCode::kCorruption);
}

TEST(MetadataFileTest, WritesNoMetadataThatItWouldNotReadAgain) {
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

TEST(MetadataFileTest, RefusesNamesThatLeaveTheDirectoryOfTheData) {
  const std::string names[] = {"/etc/passwd",
                               "file:/etc/passwd",
                               "../x",
                               "a/b",
                               "..",
                               "",
                               "metadata",
                               "program",
                               ".hidden",
                               "in-use-0",
                               std::string("a\0b", 3),
                               "c:\\x"};
  for (const std::string& name : names) {
    fs::MemoryFileSystem files;
    runtime::CheckpointMetadata hostile;
    hostile.operators.resize(1);
    hostile.operators[0].name = "count";
    hostile.operators[0].subtasks.resize(1);
    runtime::SectionHandle& handle = hostile.operators[0].subtasks[0].handle;
    handle.storage = runtime::SectionHandle::Storage::kFile;
    handle.location = name;
    ASSERT_TRUE(writeMetadata(files, "/s", hostile));
    const auto back = readMetadata(files, "/s");
    ASSERT_FALSE(back) << name;
    EXPECT_EQ(back.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(back.error().text(),
                AllOf(HasSubstr("no plain name"), HasSubstr("operator 'count'")));
  }
}

TEST(MetadataFileTest, RefusesStateInTheMemoryOfAJobManager) {
  fs::MemoryFileSystem files;
  runtime::CheckpointMetadata metadata;
  metadata.operators.resize(1);
  metadata.operators[0].subtasks.resize(1);
  metadata.operators[0].subtasks[0].handle.storage = runtime::SectionHandle::Storage::kBlob;
  ASSERT_TRUE(writeMetadata(files, "/s", metadata));
  EXPECT_THAT(readMetadata(files, "/s").error().text(), HasSubstr("memory of a job manager"));
}

TEST(MetadataFileTest, OnlyThoseWhoDisposeItFindASnapshotWhoseDisposalHasBegun) {
  fs::MemoryFileSystem files;
  runtime::CheckpointMetadata metadata;
  metadata.job_name = "job";
  ASSERT_TRUE(writeMetadata(files, "/s", metadata));
  ASSERT_TRUE(beginDisposal(files, "/s"));
  EXPECT_THAT(readMetadata(files, "/s").error().text(), HasSubstr("its disposal has begun"));
  const auto disposed = readDisposed(files, "/s");
  ASSERT_TRUE(disposed) << disposed.error().text();
  EXPECT_EQ(disposed->job_name, "job");
  ASSERT_TRUE(beginDisposal(files, "/s"));  // Again, after one that was cut short.
  ASSERT_TRUE(removeMetadata(files, "/s"));
  EXPECT_THAT(files.files(), IsEmpty());
}

}  // namespace
}  // namespace weir::snapshot
