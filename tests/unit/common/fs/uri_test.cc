#include "common/fs/uri.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::fs {
namespace {

using testing::HasSubstr;

TEST(UriTest, AllSpellingsOfALocalPathMeanTheSame) {
  for (const char* text : {"/a/b",
                           "file:/a/b",
                           "file:///a/b",
                           "file://localhost/a/b",
                           "/a//b/",
                           "//a/./b",
                           "/a/c/../b"}) {
    EXPECT_EQ(*localPath(text), "/a/b") << text;
  }
  EXPECT_EQ(*localPath("/"), "/");
  EXPECT_EQ(*localPath("file:///"), "/");
  EXPECT_EQ(*localPath("/../a:b"), "/a:b");
}

TEST(UriTest, WhatIsNotLocalIsRefusedWithTheReason) {
  EXPECT_THAT(localPath("hdfs://nn/a").error().message(),
              HasSubstr("has the scheme 'hdfs', but only file: is supported"));
  EXPECT_THAT(localPath("file://host/a").error().message(), HasSubstr("names the host 'host'"));
  EXPECT_THAT(localPath("a/b").error().message(), HasSubstr("is not absolute"));
  EXPECT_THAT(localPath("file:a").error().message(), HasSubstr("is not absolute"));
  EXPECT_THAT(localPath("").error().message(), HasSubstr("is empty"));
}

TEST(UriTest, PrintsOneSlash) {
  EXPECT_EQ(toFileUri("/dir/savepoint-1"), "file:/dir/savepoint-1");
  EXPECT_EQ(toFileUri("//dir"), "file:/dir");
  EXPECT_EQ(toFileUri("///"), "file:/");
  EXPECT_EQ(*localPath(toFileUri("/a b/c")), "/a b/c");
}

TEST(UriTest, JoinsWithOneSlash) {
  EXPECT_EQ(join("/a", "b"), "/a/b");
  EXPECT_EQ(join("/a/", "/b"), "/a/b");
  EXPECT_EQ(join("/", "b"), "/b");
  EXPECT_EQ(join("file:/a", "b"), "file:/a/b");
}

TEST(UriTest, SplitsAtTheLastSlash) {
  EXPECT_EQ(parentOf("/a/b"), "/a");
  EXPECT_EQ(parentOf("/a"), "/");
  EXPECT_EQ(parentOf("file:/a"), "file:/");
  EXPECT_EQ(nameOf("/a/b"), "b");
}

TEST(UriTest, OnlyBarePathsBecomeAbsolute) {
  EXPECT_EQ(absolutePath("x/../y"), std::filesystem::current_path().string() + "/y");
  EXPECT_EQ(absolutePath("/x"), "/x");
  EXPECT_EQ(absolutePath("file:/x"), "file:/x");
  EXPECT_EQ(absolutePath("jobmanager://savepoints/1"), "jobmanager://savepoints/1");
}

}  // namespace
}  // namespace weir::fs
