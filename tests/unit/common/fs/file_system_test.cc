#include "common/fs/file_system.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fs/local_file_system.h"
#include "common/fs/memory_file_system.h"
#include "common/fs/temporary_name.h"
#include "common/fs/unfinished_files.h"
#include "tests/unit/common/fs/file_system_suite.h"

namespace weir::fs::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Subject inTemporaryDirectory(std::unique_ptr<FileSystem> files) {
  Subject subject;
  subject.files = std::move(files);
  subject.directory =
      (std::filesystem::temp_directory_path() / ("weir-fs-" + std::to_string(::getpid()))).string();
  subject.uri = "file:" + subject.directory;
  return subject;
}

Subject local() { return inTemporaryDirectory(std::make_unique<LocalFileSystem>()); }

INSTANTIATE_TEST_SUITE_P(Local, FileSystemSuite, ::testing::Values(&local));
INSTANTIATE_TEST_SUITE_P(Memory, FileSystemSuite, ::testing::Values([] {
                           return inTemporaryDirectory(std::make_unique<MemoryFileSystem>());
                         }));

TEST(TemporaryName, IsOfTheFileThatIsWritten) {
  SeededRandom random(1);
  const std::string whole = temporaryName("a.b", random);
  EXPECT_EQ(finalNameOf(whole), "a.b");
  EXPECT_EQ(finalNameOf(temporaryPart(whole, 12)), "a.b");
  EXPECT_EQ(finalNameOf(temporaryName("a.b.1", random)), "a.b.1");
  for (const char* const other : {"a",
                                  ".a.tmp",
                                  ".a.0123456789ab",
                                  ".0123456789ab.tmp",
                                  ".a.0123456789ab-.tmp",
                                  ".a.0123456789ab-x.tmp",
                                  ".a.b-1.tmp"}) {
    EXPECT_FALSE(isTemporary(other)) << other;
  }
}

class LocalFileSystemTest : public FileSystemSuite {};

TEST_P(LocalFileSystemTest, WhatAKilledWriterLeftOfOurFilesIsRemovedAndNothingElse) {
  for (const char* const name : {".a.0123456789ab.tmp", ".b.0123456789ab.tmp", "a", ".a.tmp"}) {
    std::ofstream(path(name)) << "left";
  }
  const auto is_ours = [](std::string_view name) { return name == "a"; };
  ASSERT_TRUE(removeUnfinished(files(), directory(), is_ours).has_value());
  EXPECT_FALSE(std::filesystem::exists(path(".a.0123456789ab.tmp")));
  EXPECT_TRUE(std::filesystem::exists(path(".b.0123456789ab.tmp")));
  EXPECT_THAT(names(directory()), ElementsAre(".a.tmp", "a"));
  EXPECT_TRUE(removeUnfinished(files(), path("none"), is_ours).has_value());
}

TEST_P(LocalFileSystemTest, OpensRegularFilesOnlyAndWaitsForNobody) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  for (const std::string& odd : {path("pipe"), std::string("/dev/null"), directory()}) {
    EXPECT_EQ(files().open(odd).error().code(), ErrorCode::kInvalidArgument) << odd;
    EXPECT_EQ(files().removeFile(odd).error().code(), ErrorCode::kFailedPrecondition) << odd;
  }
  EXPECT_FALSE(files().stat(path("pipe"))->regular);
}

TEST_P(LocalFileSystemTest, FollowsLinksOnlyWhereItIsAskedTo) {
  ASSERT_TRUE(writeAll(files(), path("d/a"), "x").has_value());
  std::filesystem::create_symlink(path("d/a"), path("link"));
  std::filesystem::create_directory_symlink(path("d"), path("e"));
  EXPECT_EQ(*readAll(files(), path("link")), "x");
  EXPECT_EQ(files().openNoLink(path("link")).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(files().openNoLink(path("d/a")).has_value());
  EXPECT_TRUE(files().stat(path("link"))->link);
  EXPECT_EQ(files().removeFile(path("link")).error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(files().removeFile(path("e/a")).error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(files().removeDirectory(path("e")).error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_THAT(names(directory()), ElementsAre("d", "e", "link"));
  EXPECT_THAT(names(path("d")), ElementsAre("a"));
}

TEST_P(LocalFileSystemTest, ADirectoryGoesWithWhatWasNeverCommittedInIt) {
  auto writer = files().create(path("d/a"));
  std::ofstream(path("d/.mine.tmp")) << "x";
  EXPECT_THAT(names(path("d")), ElementsAre(".mine.tmp"));
  EXPECT_FALSE(files().removeDirectory(path("d")).has_value());
  std::filesystem::remove(path("d/.mine.tmp"));
  writer = files().create(path("d/a"));
  EXPECT_TRUE(files().removeDirectory(path("d")).has_value());
  EXPECT_THAT(names(directory()), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Local, LocalFileSystemTest, ::testing::Values(&local));

TEST(MemoryFileSystemTest, FailsTheOperationItWasToldTo) {
  MemoryFileSystem files;
  files.failOperation(3, Error(ErrorCode::kIo, "the disk broke"));  // create, append, commit.
  const Status written = writeAll(files, "/a", "x");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().message(), "create /a: the disk broke");
  EXPECT_TRUE(writeAll(files, "/a", "x").has_value());
}

TEST(MemoryFileSystemTest, LosesWhatIsNotSyncedInACrash) {
  MemoryFileSystem files;
  ASSERT_TRUE(writeAll(files, "/a", "x").has_value());
  auto writer = files.create("/b");
  ASSERT_TRUE((*writer)->append("y").has_value());
  files.loseEverythingNotSynced();
  EXPECT_EQ((*writer)->commit().error().code(), ErrorCode::kIo);
  EXPECT_THAT(files.files(), ElementsAre("/a"));
}

TEST(MemoryFileSystemTest, RunsOutOfSpaceAndGetsItBack) {
  MemoryFileSystem files;
  files.limitBytes(4);
  ASSERT_TRUE(writeAll(files, "/a", "123").has_value());
  EXPECT_EQ(writeAll(files, "/b", "45").error().code(), ErrorCode::kResourceExhausted);
  ASSERT_TRUE(files.remove("/a").has_value());
  EXPECT_TRUE(writeAll(files, "/b", "4567").has_value());
}

TEST(MemoryFileSystemTest, BreaksFilesOnPurpose) {
  MemoryFileSystem files;
  ASSERT_TRUE(writeAll(files, "/a", "123").has_value());
  ASSERT_TRUE(files.truncate("/a", 1).has_value());
  EXPECT_EQ(*readAll(files, "/a"), "1");
  ASSERT_TRUE(files.corrupt("/a", "x").has_value());
  EXPECT_EQ(*readAll(files, "/a"), "x");
}

}  // namespace
}  // namespace weir::fs::testing
