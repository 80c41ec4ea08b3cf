#include "jobmanager/checkpoint/checkpoint_pacer.h"

#include <optional>

#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.

class CheckpointPacerTest : public ::testing::Test {
 protected:
  CheckpointPacerTest() {
    settings_.enabled = true;
    settings_.interval = 1s;
  }
  void start() {
    pacer_.emplace(
        strand_,
        time_,
        settings_,
        CheckpointPacer::Bounds{.job = {}, .most_removals = 2},
        [this] { return removals_; },
        [this] {
          ++triggered_;
          pacer_->began();
        });
    pacer_->start();
  }
  void endRemovals() {
    removals_ = 0;
    pacer_->removalEnded();
    time_.runDue();
  }

  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor strand_{time_};
  graph::CheckpointSettings settings_;
  std::size_t removals_ = 0;
  int triggered_ = 0;
  std::optional<CheckpointPacer> pacer_;
};

TEST_F(CheckpointPacerTest, BeginsNoneWhereNoneAreWanted) {
  settings_.enabled = false;
  start();
  time_.advance(10s);
  EXPECT_EQ(triggered_, 0);
}

TEST_F(CheckpointPacerTest, BeginsOneEachIntervalAsLongAsTheLastIsStored) {
  start();
  for (int i = 1; i <= 3; ++i) {
    time_.advance(1s);
    EXPECT_EQ(triggered_, i);
    pacer_->ended();
  }
}

TEST_F(CheckpointPacerTest, BeginsOneSoonWhereThatIsAskedAndTheNextAnIntervalLater) {
  start();
  pacer_->soon();
  time_.runDue();
  EXPECT_EQ(triggered_, 1);
  pacer_->ended();
  time_.advance(999ms);
  EXPECT_EQ(triggered_, 1);
  time_.advance(1ms);
  EXPECT_EQ(triggered_, 2);
  pacer_->ended();
  pacer_->stop();
  pacer_->soon();
  time_.advance(10s);
  EXPECT_EQ(triggered_, 2) << "as none is wanted";
}

TEST_F(CheckpointPacerTest, OneThatIsDueBeginsWhenTheLastIsStored) {
  start();
  time_.advance(5s);
  EXPECT_EQ(triggered_, 1);
  pacer_->ended();
  time_.runDue();
  EXPECT_EQ(triggered_, 2);
}

TEST_F(CheckpointPacerTest, OneThatIsDueWaitsForRemovals) {
  removals_ = 2;
  start();
  time_.advance(5s);
  EXPECT_EQ(triggered_, 0);
  removals_ = 1;
  pacer_->removalEnded();
  time_.runDue();
  EXPECT_EQ(triggered_, 1);
}

TEST_F(CheckpointPacerTest, RemovalsThatEndBeginNoneThatIsNotDue) {
  start();
  endRemovals();
  EXPECT_EQ(triggered_, 0);
}

TEST_F(CheckpointPacerTest, BeginsNoneBeforeTheMinimumPauseIsOver) {
  settings_.min_pause = 3s;
  start();
  time_.advance(1s);
  pacer_->ended();
  time_.advance(2900ms);
  EXPECT_EQ(triggered_, 1);
  time_.advance(100ms);
  EXPECT_EQ(triggered_, 2);
}

TEST_F(CheckpointPacerTest, BeginsNoneAfterItWasStoppedThoughOneWasDue) {
  start();
  time_.advance(5s);
  pacer_->stop();
  pacer_->ended();
  time_.advance(5s);
  EXPECT_EQ(triggered_, 1);
  pacer_->start();
  time_.advance(1s);
  EXPECT_EQ(triggered_, 2);
}

}  // namespace
}  // namespace weir::jobmanager
