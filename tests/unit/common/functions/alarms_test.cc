#include "common/functions/alarms.h"

#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::functions {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

struct Bell final : Alarm {
  explicit Bell(int number, std::vector<std::pair<int, std::int64_t>>& heard)
      : number_(number), heard_(heard) {}
  void ring(std::int64_t now) override {
    heard_.emplace_back(number_, now);
    if (again_ != nullptr) {
      again_->set(*this, now + 10);
    }
  }
  int number_;
  std::vector<std::pair<int, std::int64_t>>& heard_;
  ManualTime* again_ = nullptr;
};

struct AlarmsTest : ::testing::Test {
  std::vector<std::pair<int, std::int64_t>> heard;
  Bell one{1, heard};
  Bell two{2, heard};
  ManualTime time{100};
};

TEST_F(AlarmsTest, RingsInOrderOfTimeAndOnce) {
  time.set(one, 130);
  time.set(two, 120);
  time.advanceTo(119);
  EXPECT_TRUE(heard.empty());
  time.advanceTo(200);
  time.advanceTo(300);
  EXPECT_THAT(heard, ElementsAre(Pair(2, 120), Pair(1, 130)));
}

TEST_F(AlarmsTest, WhatIsSetLastCountsAndWhatIsCancelledDoesNot) {
  time.set(one, 130);
  time.set(one, 150);
  time.set(two, 110);
  time.cancel(two);
  time.advanceTo(200);
  EXPECT_THAT(heard, ElementsAre(Pair(1, 150)));
}

TEST_F(AlarmsTest, ATimeThatIsOverRingsAtTheNextMove) {
  time.set(one, 5);
  EXPECT_TRUE(heard.empty());
  time.advanceTo(100);
  EXPECT_THAT(heard, ElementsAre(Pair(1, 100)));
}

TEST_F(AlarmsTest, AnAlarmThatSetsItselfRingsAtEachOfItsTimes) {
  one.again_ = &time;
  time.set(one, 110);
  time.advanceTo(135);
  EXPECT_THAT(heard, ElementsAre(Pair(1, 110), Pair(1, 120), Pair(1, 130)));
}

}  // namespace
}  // namespace weir::functions
