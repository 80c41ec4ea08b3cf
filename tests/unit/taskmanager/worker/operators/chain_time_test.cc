#include "taskmanager/worker/operators/chain_time.h"

#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/functions/alarms.h"
#include "tests/unit/taskmanager/worker/operators/working.h"

namespace weir::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Ringing final : functions::Alarm {
  std::vector<std::int64_t> rung;
  void ring(std::int64_t now) override { rung.push_back(now); }
};

/// A chain of three, of which the second takes one thing at a time.
class ChainTimeTest : public ::testing::Test {
 protected:
  ChainTimeTest() {
    chain_.add(head_);
    chain_.add(body_);
    chain_.add(end_);
  }
  functions::ManualTime time_;
  Working head_{1};
  Working body_{1};
  Working end_{1};
  ChainBackground chain_;
  ChainTime of_head_{time_, chain_, 0};
  ChainTime of_body_{time_, chain_, 1};
  Ringing first_;
  Ringing second_;
};

TEST_F(ChainTimeTest, AnAlarmRingsWhenItIsDueWhereThereIsRoomBehindItsOperator) {
  of_head_.set(first_, 5);
  head_.held = 1;  // Its own room does not count.
  time_.advanceTo(4);
  EXPECT_THAT(first_.rung, IsEmpty());
  time_.advanceTo(5);
  EXPECT_THAT(first_.rung, ElementsAre(5));
  EXPECT_FALSE(of_head_.isReady());
}

TEST_F(ChainTimeTest, OneThatIsDueWaitsWhileAnOperatorBehindItsOwnHasNoRoom) {
  of_head_.set(first_, 5);
  of_body_.set(second_, 5);
  body_.held = 1;
  time_.advanceTo(7);
  EXPECT_THAT(first_.rung, IsEmpty());
  EXPECT_THAT(second_.rung, ElementsAre(5)) << "what it may be waiting for";
  EXPECT_FALSE(of_head_.isReady());
  of_head_.ring();
  EXPECT_THAT(first_.rung, IsEmpty());
  body_.held = 0;
  EXPECT_TRUE(of_head_.isReady());
  of_head_.ring();
  of_head_.ring();
  EXPECT_THAT(first_.rung, ElementsAre(5));
}

TEST_F(ChainTimeTest, OneThatWaitsMayBeSetAnewOrCancelled) {
  of_head_.set(first_, 5);
  of_head_.set(second_, 5);
  body_.held = 1;
  time_.advanceTo(6);
  of_head_.set(first_, 9);
  of_head_.cancel(second_);
  body_.held = 0;
  EXPECT_FALSE(of_head_.isReady());
  time_.advanceTo(9);
  EXPECT_THAT(first_.rung, ElementsAre(9));
  EXPECT_THAT(second_.rung, IsEmpty());
}

}  // namespace
}  // namespace weir::worker
