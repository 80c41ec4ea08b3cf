#include "common/fs/file_systems.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/fs/memory_file_system.h"

namespace weir::fs {
namespace {

using ::testing::HasSubstr;

TEST(FileSystemsTest, PlainPathsAndFileUrisAreLocalFromTheStart) {
  const std::string path = ::testing::TempDir() + "/systems_" + std::to_string(::getpid());
  FileSystems files;
  ASSERT_TRUE(writeAll(files, path, "text"));
  EXPECT_EQ(*readAll(files, "file:" + path), "text");
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_TRUE(files.remove(path));
}

TEST(FileSystemsTest, ASchemeLeadsToTheFileSystemThatWasAddedForIt) {
  FileSystems files;
  auto memory = std::make_unique<MemoryFileSystem>();
  MemoryFileSystem& added = *memory;
  files.add("file", std::move(memory));
  ASSERT_TRUE(writeAll(files, "file:/nowhere/a", "text"));
  EXPECT_TRUE(added.stat("/nowhere/a"));
  EXPECT_FALSE(std::filesystem::exists("/nowhere/a"));
}

TEST(FileSystemsTest, NamesASchemeThatNoFileSystemHas) {
  FileSystems files;
  const auto stat = files.stat("s3://bucket/a");
  ASSERT_FALSE(stat);
  EXPECT_EQ(stat.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(stat.error().text(), HasSubstr("has the scheme 's3', but only file: is supported"));
  EXPECT_FALSE(files.list("ftp:/a"));
  EXPECT_FALSE(files.removeDirectory("ftp:/a"));
}

}  // namespace
}  // namespace weir::fs
