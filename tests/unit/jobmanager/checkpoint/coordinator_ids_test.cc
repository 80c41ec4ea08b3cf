// Which ids snapshots get, and what the store of jobs knows of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/jobmanager/checkpoint/coordinator_fixture.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CoordinatorIdsTest : public CoordinatorFixture {
 protected:
  /// As the leader finds the job that an earlier one ran.
  void resume(const ha::JobCheckpoints& stored) {
    coordinator_.emplace(services(), graph_, setup_, tasks_);
    coordinator_->resume(stored, {});
    coordinator_->start();
  }
};

TEST_F(CoordinatorIdsTest, ACheckpointWaitsUntilTheStoreKnowsItsId) {
  tasks_.hold_points = true;
  resume({.retained = {}, .pinned = {}, .next = CheckpointId(40)});
  time_.advance(1s);
  EXPECT_THAT(tasks_.triggered, IsEmpty());
  tasks_.answerPoint();
  EXPECT_THAT(tasks_.triggered, ElementsAre(40));
  EXPECT_EQ(tasks_.stored.next, CheckpointId(56));
}

TEST_F(CoordinatorIdsTest, ASavepointThatWaitsForItsIdEndsWithTheAttempt) {
  tasks_.hold_points = true;
  resume({.retained = {}, .pinned = {}, .next = CheckpointId(40)});
  takeSavepoint();
  EXPECT_TRUE(coordinator_->hasPendingSavepoints());
  coordinator_->stop(Error(ErrorCode::kUnavailable, "the job restarts"));
  EXPECT_THAT(savepoints_, ElementsAre("the job restarts"));
  tasks_.answerPoint();
  EXPECT_THAT(tasks_.triggered, IsEmpty());
}

TEST_F(CoordinatorIdsTest, ASavepointIsRefusedWhenItsIdCannotBeStored) {
  tasks_.point_result = Error(ErrorCode::kUnavailable, "the journal is full");
  resume({.retained = {}, .pinned = {}, .next = CheckpointId(40)});
  takeSavepoint();
  EXPECT_THAT(savepoints_, ElementsAre("the journal is full"));
}

TEST_F(CoordinatorIdsTest, CheckpointsGoOnAfterAnIdCouldNotBeStored) {
  tasks_.point_result = Error(ErrorCode::kUnavailable, "the journal is full");
  resume({.retained = {}, .pinned = {}, .next = CheckpointId(40)});
  time_.advance(1s);
  tasks_.point_result = ok();
  time_.advance(1s);
  EXPECT_THAT(tasks_.triggered, ElementsAre(40));
}

TEST_F(CoordinatorIdsTest, WhatSavepointsHoldStaysWhenTheNextLeadersJobEnds) {
  write(7, 1);
  write(8, 1);
  resume({.retained = {}, .pinned = {CheckpointId(7)}, .next = CheckpointId(40)});
  EXPECT_TRUE(end());
  EXPECT_TRUE(files_.stat(directoryOf(7)));
  EXPECT_FALSE(files_.stat(directoryOf(8)));
}

TEST_F(CoordinatorIdsTest, TheStoreHearsThatASavepointIsGone) {
  start();
  takeSavepoint(KeptSavepoint{});
  acknowledgeAll(1);
  EXPECT_THAT(tasks_.stored.pinned, ElementsAre(CheckpointId(1)));
  coordinator_->releaseSavepoint(CheckpointId(1));
  EXPECT_THAT(tasks_.stored.pinned, IsEmpty());
}

}  // namespace
}  // namespace weir::jobmanager
