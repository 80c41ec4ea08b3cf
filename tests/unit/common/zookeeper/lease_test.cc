#include "common/zookeeper/lease.h"

#include <gtest/gtest.h>

namespace weir::zookeeper {
namespace {

using std::chrono::seconds;

class SetClock final : public Clock {
 public:
  SteadyTime now() const override { return now_; }
  WallTime wallNow() const override { return {}; }
  void pass(Duration time) { now_ += time; }

 private:
  SteadyTime now_{seconds(100)};
};

class LeaseTest : public testing::Test {
 protected:
  SetClock clock_;
  Lease lease_{clock_};
};

TEST_F(LeaseTest, HoldsFromWhenTheAnsweredRequestWasSent) {
  EXPECT_FALSE(lease_.holds());
  const SteadyTime sent = clock_.now();
  clock_.pass(seconds(3));
  lease_.extend(sent, seconds(10));
  EXPECT_EQ(lease_.left(), seconds(7));
  clock_.pass(seconds(7));
  EXPECT_FALSE(lease_.holds());
}

TEST_F(LeaseTest, AnAnswerAfterItsEndDoesNotBringItBack) {
  lease_.extend(clock_.now(), seconds(10));
  clock_.pass(seconds(11));
  lease_.extend(clock_.now(), seconds(10));
  EXPECT_FALSE(lease_.holds());
}

TEST_F(LeaseTest, AnOlderAnswerDoesNotShortenIt) {
  const SteadyTime early = clock_.now();
  clock_.pass(seconds(5));
  lease_.extend(clock_.now(), seconds(10));
  lease_.extend(early, seconds(10));
  EXPECT_EQ(lease_.left(), seconds(10));
}

TEST_F(LeaseTest, IsOverOnceItWasEnded) {
  lease_.extend(clock_.now(), seconds(10));
  lease_.end();
  EXPECT_FALSE(lease_.holds());
  lease_.extend(clock_.now(), seconds(10));
  EXPECT_FALSE(lease_.holds());
}

TEST(BootClockTest, DoesNotGoBack) {
  const BootClock clock;
  const SteadyTime first = clock.now();
  EXPECT_LE(first, clock.now());
}

}  // namespace
}  // namespace weir::zookeeper
