#include "taskmanager/daemon/supervision/stderr_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::taskmanager {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(StderrTailTest, JoinsWhatWasReadInPieces) {
  StderrTail tail;
  tail.add("one\ntw");
  tail.add("o\n\nthr");
  tail.finish();
  tail.finish();
  EXPECT_THAT(tail.lines(), ElementsAre("one", "two", "", "thr"));
  EXPECT_THAT(tail.firstLines(), IsEmpty());
}

TEST(StderrTailTest, KeepsTheFirstAndTheLastLinesAndCountsThoseBetween) {
  StderrTail tail;
  for (int i = 0; i < 100; ++i) {
    tail.add(std::to_string(i) + "\n");
  }
  EXPECT_EQ(tail.lines().size(), StderrTail::kMostLines);
  EXPECT_EQ(tail.lines().front(), "60");
  EXPECT_EQ(tail.firstLines().size(), StderrTail::kMostFirstLines);
  EXPECT_EQ(tail.firstLines().back(), "9");
  EXPECT_EQ(tail.omitted(), 50U);
}

TEST(StderrTailTest, ALineIsFirstOrLastButNotBoth) {
  StderrTail tail;
  for (int i = 0; i < 43; ++i) {
    tail.add(std::to_string(i) + "\n");
  }
  EXPECT_THAT(tail.firstLines(), ElementsAre("0", "1", "2"));
  EXPECT_EQ(tail.omitted(), 0U);
}

TEST(StderrTailTest, CutsALineWithoutEnd) {
  StderrTail tail;
  for (int i = 0; i < 100; ++i) {
    tail.add(std::string(1000, 'x'));
  }
  EXPECT_EQ(tail.lines().size(), 1U);
  EXPECT_EQ(tail.lines().front().size(), StderrTail::kMostBytes);
}

}  // namespace
}  // namespace weir::taskmanager
