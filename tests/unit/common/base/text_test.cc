#include "common/base/text.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(TextTest, AShortTextStaysAsItIs) {
  EXPECT_EQ(cutText("why", 64), "why");
  EXPECT_EQ(cutText(std::string(64, 'x'), 64), std::string(64, 'x'));
}

TEST(TextTest, ALongTextKeepsItsFirstWordsAndSaysThatThereWasMore) {
  const std::string cut = cutText("first words " + std::string(1000, 'x'), 64);
  EXPECT_EQ(cut.size(), 64U);
  EXPECT_TRUE(cut.starts_with("first words xxx"));
  EXPECT_TRUE(cut.ends_with(" ... (cut)"));
}

TEST(TextTest, CutsBetweenCharacters) {
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::string text(shift, 'a');
    for (int i = 0; i < 100; ++i) {
      text += "\U0001F600";
    }
    const std::string cut = cutText(text, 100);
    EXPECT_TRUE(isUtf8(cut)) << shift;
    EXPECT_LE(cut.size(), 100U);
    EXPECT_GE(cut.size(), 97U);
  }
}

TEST(TextTest, CutsBytesThatAreNoTextAnywhere) {
  EXPECT_EQ(cutText(std::string(1000, '\xBF'), 64).substr(0, 3), "\xBF\xBF\xBF");
}

TEST(TextTest, KnowsUtf8) {
  EXPECT_TRUE(isUtf8(""));
  EXPECT_TRUE(isUtf8("größer \U0001F600"));
  EXPECT_FALSE(isUtf8("\xE4"));
  EXPECT_FALSE(isUtf8("\xC0\x80"));
  EXPECT_FALSE(isUtf8("\xE2\x82"));
}

TEST(TextTest, KnowsWhatBreaksALineOrMovesACursor) {
  EXPECT_FALSE(hasControlCharacter("Count per wörd é"));
  EXPECT_TRUE(hasControlCharacter("a\nb"));
  EXPECT_TRUE(hasControlCharacter("\x1B[2J"));
  EXPECT_TRUE(hasControlCharacter("a\x7F"));
  EXPECT_TRUE(
      hasControlCharacter("\xC2\x9B"
                          "2J"));
  EXPECT_TRUE(hasControlCharacter(std::string("a\0", 2)));
}

}  // namespace
}  // namespace weir
