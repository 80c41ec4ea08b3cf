#include "common/base/utf8.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Utf8Test, FindsTheFirstByteThatIsNone) {
  EXPECT_EQ(findNotUtf8("a\u00e9\u20ac\U0001F600"), std::string_view::npos);
  EXPECT_EQ(findNotUtf8("ab\xe9 "), 2U);
  EXPECT_EQ(findNotUtf8("\xc0\xaf"), 0U) << "overlong";
  EXPECT_EQ(findNotUtf8("\xed\xa0\x80"), 0U) << "a surrogate";
  EXPECT_EQ(findNotUtf8("\xf4\x90\x80\x80"), 0U) << "above U+10FFFF";
  EXPECT_EQ(findNotUtf8("a\xe2\x82"), 1U) << "cut off";
}

TEST(Utf8Test, ReplacesWhatIsNoneForJson) {
  EXPECT_EQ(asUtf8("a\xe9z\u00e9"), "a\uFFFDz\u00e9");
  EXPECT_EQ(asUtf8("\xe2\x82"), "\uFFFD\uFFFD");
}

TEST(Utf8Test, SpellsOutWhatATerminalWouldObey) {
  EXPECT_EQ(escaped("a\nb\r\tc"), "a\\nb\\r\\tc");
  EXPECT_EQ(escaped("\x1b[2J"), "\\x1b[2J");
  EXPECT_EQ(escaped("\u009b2J"), "\\u009b2J");
  EXPECT_EQ(escaped("caf\xe9"), "caf\\xe9");
  EXPECT_EQ(escaped("\u202eabc\u2028"), "\\u202eabc\\u2028");
  EXPECT_EQ(escaped(std::string_view("a\0b\x7f", 4)), "a\\x00b\\x7f");
  EXPECT_EQ(escaped("a\nb\tc\x1b", "\n\t"), "a\nb\tc\\x1b");
}

TEST(Utf8Test, LeavesEveryOtherTextAsItIs) {
  for (const std::string_view text :
       {"", "Map -> Sink", "Z\u00fcrich \u20ac \U0001F600", "a\\nb"}) {
    EXPECT_EQ(escaped(text), text);
  }
}

}  // namespace
}  // namespace weir
