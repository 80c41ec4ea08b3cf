#include "taskmanager/daemon/supervision/stderr_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::taskmanager {
namespace {

using ::testing::ElementsAre;

TEST(StderrTailTest, PassesWholeLinesOnly) {
  StderrTail tail;
  EXPECT_EQ(tail.add("one\ntw"), "one\n");
  EXPECT_EQ(tail.add("o\n\nthr"), "two\n\n");
  EXPECT_EQ(tail.finish(), "thr\n");
  EXPECT_EQ(tail.finish(), "");
  EXPECT_THAT(tail.lines(), ElementsAre("one", "two", "", "thr"));
}

TEST(StderrTailTest, KeepsTheLastTwentyLines) {
  StderrTail tail;
  for (int i = 0; i < 30; ++i) {
    tail.add(std::to_string(i) + "\n");
  }
  EXPECT_EQ(tail.lines().size(), 20U);
  EXPECT_EQ(tail.lines().front(), "10");
}

TEST(StderrTailTest, CutsALineWithoutEnd) {
  StderrTail tail;
  std::string passed;
  for (int i = 0; i < 100; ++i) {
    passed += tail.add(std::string(1000, 'x'));
  }
  EXPECT_GT(passed.size(), 90000U);
  EXPECT_EQ(tail.lines().size(), 1U);
  EXPECT_EQ(tail.lines().front().size(), StderrTail::kMostBytes);
}

}  // namespace
}  // namespace weir::taskmanager
