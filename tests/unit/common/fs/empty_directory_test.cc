#include "common/fs/empty_directory.h"

#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"

namespace weir::fs {
namespace {

TEST(EmptyDirectoryTest, RemovesWhatHoldsNothingAndLeavesTheRest) {
  MemoryFileSystem files;
  ASSERT_TRUE(files.makeDirectories("/a/empty"));
  ASSERT_TRUE(writeAll(files, "/a/full/file", "x"));
  EXPECT_TRUE(*removeEmptyDirectory(files, "/a/empty"));
  EXPECT_FALSE(files.stat("/a/empty"));
  EXPECT_FALSE(*removeEmptyDirectory(files, "/a/full"));
  EXPECT_TRUE(files.stat("/a/full/file"));
}

TEST(EmptyDirectoryTest, WhatIsNotThereIsGone) {
  MemoryFileSystem files;
  EXPECT_TRUE(*removeEmptyDirectory(files, "/nowhere"));
}

TEST(EmptyDirectoryTest, TellsWhatItCannotKnow) {
  MemoryFileSystem files;
  ASSERT_TRUE(files.makeDirectories("/a"));
  files.failEverything(Error(ErrorCode::kIo, "the disk is gone"));
  EXPECT_EQ(removeEmptyDirectory(files, "/a").error().code(), ErrorCode::kIo);
}

/// Has no directories of its own, as object stores: removing one is nothing, whatever is below it.
class ObjectStore final : public FileSystem {
 public:
  explicit ObjectStore(FileSystem& files) : files_(files) {}
  Result<std::unique_ptr<FileWriter>> create(const std::string& path) override {
    return files_.create(path);
  }
  Result<std::unique_ptr<FileReader>> open(const std::string& path) override {
    return files_.open(path);
  }
  Result<std::unique_ptr<FileReader>> openNoLink(const std::string& path) override {
    return files_.openNoLink(path);
  }
  Result<std::vector<FileInfo>> list(const std::string& path) override { return files_.list(path); }
  Result<FileInfo> stat(const std::string& path) override { return files_.stat(path); }
  Status makeDirectories(const std::string& /*path*/) override { return ok(); }
  Status remove(const std::string& path) override { return files_.remove(path); }
  Status removeFile(const std::string& path) override { return files_.removeFile(path); }
  Status syncDirectory(const std::string& path) override { return files_.syncDirectory(path); }
  Status removeDirectory(const std::string& /*path*/) override { return ok(); }
  Status removeAll(const std::string& path) override { return files_.removeAll(path); }

 private:
  FileSystem& files_;
};

TEST(EmptyDirectoryTest, SeesWhatIsInADirectoryThatWouldNotRefuseToGo) {
  MemoryFileSystem memory;
  ObjectStore files(memory);
  ASSERT_TRUE(writeAll(files, "/a/file", "x"));
  EXPECT_FALSE(*removeEmptyDirectory(files, "/a"));
}

}  // namespace
}  // namespace weir::fs
