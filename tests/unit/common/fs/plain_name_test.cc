#include "common/fs/plain_name.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace weir::fs {
namespace {

TEST(PlainNameTest, IsOneComponentThatStaysInItsDirectory) {
  for (const char* name : {"000012.sst", "MANIFEST-000004", "CURRENT", "a b", "\xc3\xa4"}) {
    EXPECT_TRUE(isPlainName(name)) << name;
  }
  for (const char* name : {"", ".", "..", ".hidden", "a/b", "/a", "a\\b", "c:", "a\nb", "a\x7f"}) {
    EXPECT_FALSE(isPlainName(name)) << name;
  }
  EXPECT_FALSE(isPlainName(std::string_view("a\0b", 3)));
}

TEST(PlainNameTest, IsNoLongerThanFileSystemsTake) {
  EXPECT_TRUE(isPlainName(std::string(255, 'a')));
  EXPECT_FALSE(isPlainName(std::string(256, 'a')));
}

}  // namespace
}  // namespace weir::fs
