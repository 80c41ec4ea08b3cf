#include "taskmanager/daemon/slots/slot_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::taskmanager {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

runtime::ExecutionId attempt(std::uint64_t number) {
  return {JobId(), AttemptId(number), LeaderEpoch(1)};
}

TEST(SlotTableTest, GivesNoMoreThanItHas) {
  SlotTable slots(3);
  ASSERT_TRUE(slots.take(attempt(1), 2));
  const Status refused = slots.take(attempt(2), 2);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_THAT(refused.error().message(), HasSubstr("1 of 3 are free, 2 are held by attempt 1"));
  EXPECT_EQ(slots.free(), 1U);
}

TEST(SlotTableTest, HasThemAgainWhenTheyAreGivenBack) {
  SlotTable slots(2);
  ASSERT_TRUE(slots.take(attempt(1), 2));
  slots.giveBack(attempt(1));
  EXPECT_EQ(slots.free(), 2U);
  EXPECT_TRUE(slots.take(attempt(2), 2));
  EXPECT_THAT(slots.holders(), ElementsAre(attempt(2)));
}

TEST(SlotTableTest, RefusesASecondHoldingOfOneExecution) {
  SlotTable slots(2);
  ASSERT_TRUE(slots.take(attempt(1), 1));
  EXPECT_EQ(slots.take(attempt(1), 1).error().code(), ErrorCode::kFailedPrecondition);
}

TEST(SlotTableTest, IgnoresWhatNobodyHolds) {
  SlotTable slots(2);
  slots.giveBack(attempt(7));
  EXPECT_EQ(slots.free(), 2U);
}

}  // namespace
}  // namespace weir::taskmanager
