#include "jobmanager/scheduler/restart_strategy.h"

#include <gtest/gtest.h>

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using Kind = graph::RestartStrategy::Kind;

const SteadyTime kStart{1h};

class RestartStrategyTest : public ::testing::Test {
 protected:
  graph::RestartStrategy job_;
  SeededRandom random_{1};
};

TEST_F(RestartStrategyTest, WithCheckpointsDoublesFrom100MillisecondsTo10Seconds) {
  RestartStrategy strategy(job_, {}, true);
  EXPECT_EQ(strategy.onFailure(kStart, random_), Duration(100ms));
  EXPECT_EQ(strategy.onFailure(kStart, random_), Duration(200ms));
  for (int i = 0; i < 20; ++i) {
    static_cast<void>(strategy.onFailure(kStart, random_));
  }
  EXPECT_EQ(strategy.onFailure(kStart, random_), Duration(10s));
}

TEST_F(RestartStrategyTest, StartsOverAfterALongTimeWithoutFailure) {
  RestartStrategy strategy(job_, {}, true);
  static_cast<void>(strategy.onFailure(kStart, random_));
  static_cast<void>(strategy.onFailure(kStart, random_));
  EXPECT_EQ(strategy.onFailure(kStart + 11min, random_), Duration(100ms));
}

TEST_F(RestartStrategyTest, WithoutCheckpointsDoesNotRestart) {
  RestartStrategy strategy(job_, {}, false);
  EXPECT_EQ(strategy.onFailure(kStart, random_), std::nullopt);
}

TEST_F(RestartStrategyTest, TheJobsOwnStrategyComesFirst) {
  job_.kind = Kind::kNone;
  config::RestartSettings configured;
  configured.kind = config::RestartSettings::Kind::kFixedDelay;
  configured.attempts = 5;
  RestartStrategy strategy(job_, configured, true);
  EXPECT_EQ(strategy.onFailure(kStart, random_), std::nullopt);
}

TEST_F(RestartStrategyTest, FixedDelayCountsOverTheJobsLife) {
  job_.kind = Kind::kFixedDelay;
  job_.attempts = 2;
  job_.delay = 3s;
  RestartStrategy strategy(job_, {}, true);
  EXPECT_EQ(strategy.onFailure(kStart, random_), Duration(3s));
  EXPECT_EQ(strategy.onFailure(kStart + 10h, random_), Duration(3s));
  EXPECT_EQ(strategy.onFailure(kStart + 20h, random_), std::nullopt);
}

TEST_F(RestartStrategyTest, FailureRateForgetsFailuresOutsideOfTheInterval) {
  job_.kind = Kind::kFailureRate;
  job_.max_failures = 1;
  job_.interval = 1min;
  job_.delay = 1s;
  RestartStrategy strategy(job_, {}, true);
  EXPECT_TRUE(strategy.onFailure(kStart, random_));
  EXPECT_TRUE(strategy.onFailure(kStart + 2min, random_));
  EXPECT_FALSE(strategy.onFailure(kStart + 2min + 1s, random_));
}

}  // namespace
}  // namespace weir::jobmanager
