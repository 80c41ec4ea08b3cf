#include "common/connector/paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::connector {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(PathsTest, AnAbsolutePathIsTakenHoweverItIsSpelled) {
  for (const auto& [spelled, meant] : {std::pair("/t/", "/t"),
                                       std::pair("/t/slash/", "/t/slash"),
                                       std::pair("/a//b", "/a/b"),
                                       std::pair("//a/b", "/a/b"),
                                       std::pair("/a/./b", "/a/b"),
                                       std::pair("/a/../b", "/b"),
                                       std::pair("/..", "/"),
                                       std::pair("file:/a/b/", "/a/b"),
                                       std::pair("file:///a//b", "/a/b"),
                                       std::pair("/", "/")}) {
    const auto path = declaredPath(spelled);
    ASSERT_TRUE(path.has_value()) << path.error().text();
    EXPECT_EQ(*path, meant) << spelled;
  }
}

TEST(PathsTest, APathOnAnotherMachineHasASchemeOfThisBuild) {
  EXPECT_EQ(*declaredPath("s3://bucket/a//b/../c/"), "s3://bucket/a/c");
  EXPECT_EQ(*declaredPath("hdfs:///a"), "hdfs:/a");
  EXPECT_THAT(declaredPath("gs://bucket/a").error().text(),
              HasSubstr("only file:, hdfs:, s3:, webhdfs: are supported"));
}

TEST(PathsTest, OnlyARelativePathIsCalledSo) {
  for (const char* relative : {"a", "a/b", "./a", "../a", "a/"}) {
    const auto path = declaredPath(relative);
    ASSERT_FALSE(path.has_value());
    EXPECT_THAT(path.error().text(), HasSubstr("is relative")) << relative;
  }
  for (const char* other : {"", "gs://bucket/x", "s3:x", "file:x"}) {
    const auto path = declaredPath(other);
    ASSERT_FALSE(path.has_value());
    EXPECT_THAT(path.error().text(), Not(HasSubstr("is relative"))) << other;
  }
}

}  // namespace
}  // namespace weir::connector
