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

namespace weir::fs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// What every file system promises.
class FileSystemTest : public testing::TestWithParam<bool> {
 protected:
  FileSystemTest() {
    directory_ =
        (std::filesystem::temp_directory_path() / ("weir-fs-" + std::to_string(::getpid())))
            .string();
    std::filesystem::create_directories(directory_);
    EXPECT_TRUE(memory_.makeDirectories(directory_).has_value());
  }
  ~FileSystemTest() override { std::filesystem::remove_all(directory_); }

  FileSystem& files() { return GetParam() ? static_cast<FileSystem&>(memory_) : local_; }
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  std::vector<std::string> names(const std::string& directory) {
    std::vector<std::string> result;
    const auto entries = files().list(directory);
    if (entries.has_value()) {
      std::ranges::transform(*entries, std::back_inserter(result), &FileInfo::name);
    }
    return result;
  }

  LocalFileSystem local_;
  MemoryFileSystem memory_;
  std::string directory_;
};

TEST_P(FileSystemTest, WhatIsCommittedIsReadBack) {
  ASSERT_TRUE(writeAll(files(), "file:" + path("a/b/c"), "hello").has_value());
  EXPECT_EQ(*readAll(files(), path("a/b/c")), "hello");
  const auto reader = files().open(path("a/b/c"));
  EXPECT_EQ(*(*reader)->read(1, 3), "ell");
  EXPECT_EQ((*reader)->read(3, 3).error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(files().stat(path("a/b/c"))->size, 5U);
}

TEST_P(FileSystemTest, AFileIsInvisibleUntilCommitted) {
  auto writer = files().create(path("a"));
  ASSERT_TRUE((*writer)->append("x").has_value());
  EXPECT_THAT(names(directory_), IsEmpty());
  ASSERT_TRUE((*writer)->commit().has_value());
  EXPECT_THAT(names(directory_), ElementsAre("a"));
}

TEST_P(FileSystemTest, AnAbandonedFileLeavesNothing) {
  {
    auto writer = files().create(path("a"));
  }
  EXPECT_EQ(files().open(path("a")).error().code(), ErrorCode::kNotFound);
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_P(FileSystemTest, AnExistingFileIsNeverReplaced) {
  ASSERT_TRUE(writeAll(files(), path("a"), "first").has_value());
  EXPECT_EQ(writeAll(files(), path("a"), "second").error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(*readAll(files(), path("a")), "first");
  EXPECT_THAT(names(directory_), ElementsAre("a"));
}

TEST_P(FileSystemTest, ListsByNameWithDirectories) {
  ASSERT_TRUE(writeAll(files(), path("b"), "").has_value());
  ASSERT_TRUE(writeAll(files(), path("a/x"), "").has_value());
  const auto entries = files().list(directory_);
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[0].name, "a");
  EXPECT_TRUE((*entries)[0].directory);
  EXPECT_FALSE((*entries)[1].directory);
  EXPECT_EQ(files().list(path("none")).error().code(), ErrorCode::kNotFound);
}

TEST_P(FileSystemTest, RemovesOnlyWhatIsEmptyUnlessToldOtherwise) {
  ASSERT_TRUE(writeAll(files(), path("d/a"), "x").has_value());
  EXPECT_EQ(files().remove(path("d")).error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_TRUE(files().remove(path("d/a")).has_value());
  EXPECT_TRUE(files().remove(path("d/a")).has_value());
  EXPECT_TRUE(files().remove(path("d")).has_value());
  ASSERT_TRUE(writeAll(files(), path("e/f/a"), "x").has_value());
  EXPECT_TRUE(files().removeAll(path("e")).has_value());
  EXPECT_TRUE(files().removeAll(path("e")).has_value());
  EXPECT_THAT(names(directory_), IsEmpty());
}

TEST_P(FileSystemTest, RemovesAFileButNoDirectoryAsAFile) {
  ASSERT_TRUE(writeAll(files(), path("d/a"), "x").has_value());
  EXPECT_EQ(files().removeFile(path("d")).error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(files().removeDirectory(path("d/a")).error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(files().removeDirectory(path("d")).error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_TRUE(files().removeFile(path("d/a")).has_value());
  EXPECT_TRUE(files().removeFile(path("d/a")).has_value());
  EXPECT_TRUE(files().removeFile(path("none/a")).has_value());
  EXPECT_TRUE(files().removeDirectory(path("d")).has_value());
  EXPECT_TRUE(files().removeDirectory(path("d")).has_value());
  EXPECT_THAT(names(directory_), IsEmpty());
}

TEST_P(FileSystemTest, OneThingHasOneIdentity) {
  ASSERT_TRUE(writeAll(files(), path("d/a"), "x").has_value());
  EXPECT_EQ(files().stat(path("d"))->identity, files().stat("file:" + path("d/../d/"))->identity);
  EXPECT_NE(files().stat(path("d"))->identity, files().stat(path("d/a"))->identity);
  EXPECT_TRUE(files().stat(path("d/a"))->regular);
  EXPECT_FALSE(files().stat(path("d"))->regular);
}

TEST_P(FileSystemTest, AReaderKeepsWhatItHasOpened) {
  ASSERT_TRUE(writeAll(files(), path("a"), "kept").has_value());
  const auto reader = files().open(path("a"));
  ASSERT_TRUE(files().remove(path("a")).has_value());
  EXPECT_EQ(*(*reader)->read(0, 4), "kept");
}

TEST_P(FileSystemTest, PathsOfOtherSchemesAreRefused) {
  EXPECT_EQ(files().create("hdfs://nn/a").error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(files().open("relative").error().code(), ErrorCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Local, FileSystemTest, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Memory, FileSystemTest, testing::Values(true));

class LocalFileSystemTest : public FileSystemTest {};

TEST_P(LocalFileSystemTest, OpensRegularFilesOnlyAndWaitsForNobody) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  for (const std::string& odd : {path("pipe"), std::string("/dev/null"), directory_}) {
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
  EXPECT_THAT(names(directory_), ElementsAre("d", "e", "link"));
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
  EXPECT_THAT(names(directory_), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Local, LocalFileSystemTest, testing::Values(false));

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
}  // namespace weir::fs
