#include "common/fs/location.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::fs {
namespace {

using ::testing::HasSubstr;

std::string uriOf(const std::string& text) {
  const auto location = Location::parse(text);
  return location ? location->uri() : location.error().text();
}

TEST(LocationTest, OnePlaceHasOneSpelling) {
  for (const char* text :
       {"/a/b", "/a//b/", "/a/./c/../b", "file:/a/b", "file:///a/b", "file://localhost/a/b"}) {
    EXPECT_EQ(uriOf(text), "file:/a/b") << text;
  }
  EXPECT_EQ(uriOf("s3://bucket//a/x/../b/"), "s3://bucket/a/b");
}

TEST(LocationTest, TakesAPlaceApart) {
  const auto location = Location::parse("hdfs://name:8020/a/b");
  ASSERT_TRUE(location) << location.error().text();
  EXPECT_EQ(location->scheme(), "hdfs");
  EXPECT_EQ(location->authority(), "name:8020");
  EXPECT_EQ(location->path(), "/a/b");
  EXPECT_EQ(location->name(), "b");
  EXPECT_EQ(location->parent().uri(), "hdfs://name:8020/a");
  EXPECT_EQ(location->parent().child("b"), *location);
  EXPECT_FALSE(location->isLocal());
  EXPECT_TRUE(Location::parse("/")->isLocal());
}

TEST(LocationTest, RefusesWhatIsNoPlace) {
  EXPECT_THAT(uriOf(""), HasSubstr("is empty"));
  EXPECT_THAT(uriOf("a/b"), HasSubstr("is not absolute"));
  EXPECT_THAT(uriOf("file:a/b"), HasSubstr("is not absolute"));
  EXPECT_THAT(uriOf("file://elsewhere/a"), HasSubstr("names the host 'elsewhere'"));
  EXPECT_THAT(uriOf(std::string("/a\0b", 4)), HasSubstr("zero byte"));
}

}  // namespace
}  // namespace weir::fs
