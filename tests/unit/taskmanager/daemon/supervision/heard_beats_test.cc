#include "taskmanager/daemon/supervision/heard_beats.h"

#include <gtest/gtest.h>

#include "taskmanager/daemon/supervision/liveness.h"

namespace weir::taskmanager {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kSecond = 1'000'000'000;

class HeardBeatsTest : public ::testing::Test {
 protected:
  HeardBeatsTest() { beats_.begin({1s, 10s, 100 * kSecond}); }
  HeardBeats beats_;
};

TEST_F(HeardBeatsTest, ARegistrationThatWasHeardLetsWorkersActForATimeout) {
  EXPECT_EQ(beats_.leaseUntil(), 110 * kSecond);
}

TEST_F(HeardBeatsTest, TheLeaseCountsFromWhenTheHeardBeatWasSent) {
  const auto first = beats_.send(101 * kSecond);
  const auto second = beats_.send(102 * kSecond);
  EXPECT_TRUE(beats_.heard(second));
  EXPECT_EQ(beats_.leaseUntil(), 112 * kSecond);
  EXPECT_FALSE(beats_.heard(first));  // The newer one says more.
  EXPECT_EQ(beats_.leaseUntil(), 112 * kSecond);
}

TEST_F(HeardBeatsTest, ABeatOfTheLastSessionIsNotHeardInThis) {
  const auto old = beats_.send(101 * kSecond);
  beats_.begin({1s, 10s, 200 * kSecond});
  EXPECT_FALSE(beats_.heard(old));
  EXPECT_GT(beats_.send(201 * kSecond), old);
  EXPECT_EQ(beats_.leaseUntil(), 210 * kSecond);
}

class LivenessTest : public ::testing::Test {
 protected:
  /// How many beats a worker may be silent.
  int beatsUntilSilent(bool held = false) {
    for (int beats = 1; beats < 1000; ++beats) {
      if (liveness_.beat(terms_, 60s, held)) {
        return beats;
      }
    }
    return 0;
  }
  SessionTerms terms_{1s, 10s, 0};
  Liveness liveness_;
};

TEST_F(LivenessTest, AProgramMayTakeItsTimeUpToExecute) { EXPECT_EQ(beatsUntilSilent(), 61); }

TEST_F(LivenessTest, OnceAwakeItMustAnswerWithinTheHeartbeatTimeout) {
  liveness_.awake();
  EXPECT_EQ(beatsUntilSilent(), 11);
}

TEST_F(LivenessTest, AWordStartsTheCountAgain) {
  liveness_.awake();
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(liveness_.beat(terms_, 60s, false));
  }
  liveness_.heard();
  EXPECT_EQ(beatsUntilSilent(), 12);  // The first of them finds the word.
}

TEST_F(LivenessTest, WhoIsHeldBackCannotAnswer) {
  liveness_.awake();
  EXPECT_EQ(beatsUntilSilent(/*held=*/true), 0);
}

}  // namespace
}  // namespace weir::taskmanager
