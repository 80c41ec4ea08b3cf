#include "common/concurrency/simulated_executor.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::concurrency {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class SimulatedExecutorTest : public testing::Test {
 protected:
  Executor::Task note(int what) {
    return [this, what] { order_.push_back(what); };
  }

  SimulatedTime time_;
  SimulatedExecutor first_{time_};
  SimulatedExecutor second_{time_};
  std::vector<int> order_;
};

TEST_F(SimulatedExecutorTest, RunsByTimeThenByOrderOfPosting) {
  const auto late = first_.schedule(seconds(2), note(4));
  const auto early = second_.schedule(seconds(1), note(3));
  second_.post(note(1));
  first_.post(note(2));
  const SteadyTime start = time_.now();
  EXPECT_TRUE(time_.runUntilIdle());
  EXPECT_THAT(order_, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(time_.now() - start, seconds(2));
}

TEST_F(SimulatedExecutorTest, NothingRunsInsidePost) {
  first_.post(note(1));
  EXPECT_THAT(order_, IsEmpty());
  EXPECT_EQ(time_.runDue(), 1U);
  EXPECT_THAT(order_, ElementsAre(1));
}

TEST_F(SimulatedExecutorTest, AdvanceStopsWhereItWasToldTo) {
  const auto in_time = first_.schedule(seconds(1), note(1));
  const auto late = first_.schedule(seconds(3), note(2));
  const WallTime start = time_.wallNow();
  time_.advance(seconds(2));
  EXPECT_THAT(order_, ElementsAre(1));
  EXPECT_EQ(time_.wallNow() - start, seconds(2));
}

TEST_F(SimulatedExecutorTest, ADestroyedTimerDoesNotFire) {
  first_.schedule(seconds(1), note(1)).reset();
  EXPECT_TRUE(time_.runUntilIdle());
  EXPECT_THAT(order_, IsEmpty());
}

TEST_F(SimulatedExecutorTest, ACrashForgetsOnlyItsOwn) {
  first_.post(note(1));
  const auto timer = first_.schedule(seconds(1), note(2));
  second_.post(note(3));
  first_.shutdown();
  first_.post(note(4));
  EXPECT_TRUE(time_.runUntilIdle());
  EXPECT_THAT(order_, ElementsAre(3));
}

TEST_F(SimulatedExecutorTest, APeriodicTimerIsBounded) {
  std::unique_ptr<Executor::Timer> timer;
  std::function<void()> again = [&] { timer = first_.schedule(seconds(1), again); };
  first_.post(again);
  EXPECT_FALSE(time_.runUntilIdle(100));
  EXPECT_FALSE(time_.runUntil([] { return false; }, seconds(10)));
  const SteadyTime end = time_.now() + seconds(3);
  EXPECT_TRUE(time_.runUntil([&] { return time_.now() >= end; }, seconds(10)));
}

}  // namespace
}  // namespace weir::concurrency
