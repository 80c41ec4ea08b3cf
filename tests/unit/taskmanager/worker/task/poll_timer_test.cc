#include "taskmanager/worker/task/poll_timer.h"

#include <gtest/gtest.h>

namespace weir::worker {
namespace {

constexpr SteadyTime millis(std::int64_t count) {
  return SteadyTime(std::chrono::milliseconds(count));
}

class PollTimerTest : public ::testing::Test {
 protected:
  WakeSignal signal_;
  PollTimer timer_{signal_};
};

TEST_F(PollTimerTest, ASourceThatHadRecordsIsPolledAtOnce) {
  timer_.hadRecords();
  EXPECT_FALSE(timer_.resting());
  EXPECT_EQ(timer_.next(), SteadyTime::max());
}

TEST_F(PollTimerTest, RestsUntilTheTimeThatTheSourceNamed) {
  timer_.hadNone(millis(1000), millis(1500));
  EXPECT_EQ(timer_.next(), millis(1500));
  EXPECT_FALSE(timer_.over(millis(1499)));
  EXPECT_TRUE(timer_.resting());
  EXPECT_TRUE(timer_.over(millis(1500)));
  EXPECT_FALSE(timer_.resting());
}

TEST_F(PollTimerTest, TheWakerEndsARestOnce) {
  timer_.hadNone(millis(1000), millis(1500));
  timer_.waker().function()();
  EXPECT_TRUE(timer_.over(millis(1001)));
  timer_.hadNone(millis(1001), millis(1500));
  EXPECT_FALSE(timer_.over(millis(1002)));
}

TEST_F(PollTimerTest, RestsOfASourceThatNamesNoTimeGrowUntilItHasRecords) {
  timer_.hadNone(millis(1000), SteadyTime::max());
  const Duration first = timer_.next() - millis(1000);
  timer_.hadNone(millis(1000), SteadyTime::max());
  EXPECT_GT(timer_.next() - millis(1000), first);
  timer_.hadRecords();
  timer_.hadNone(millis(1000), SteadyTime::max());
  EXPECT_EQ(timer_.next() - millis(1000), first);
}

}  // namespace
}  // namespace weir::worker
