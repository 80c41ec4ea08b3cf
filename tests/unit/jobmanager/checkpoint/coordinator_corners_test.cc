// The corners of coordination: each ends with an answer, and the next checkpoint completes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/jobmanager/checkpoint/coordinator_fixture.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CoordinatorCornersTest : public CoordinatorFixture {};

TEST_F(CoordinatorCornersTest, FailuresInARowAreToleratedAndTheNextOneCompletes) {
  start();
  for (std::uint64_t id = 1; id <= 50; ++id) {
    time_.advance(1s);
    decline(id);
  }
  EXPECT_EQ(coordinator_->history().failed(), 50U);
  EXPECT_THAT(tasks_.notified, IsEmpty());
  completeNext(51);
  EXPECT_THAT(tasks_.notified, ElementsAre(51));
}

TEST_F(CoordinatorCornersTest, WhatIsTriggeredAtOnceReachesTheTasksInTheOrderOfItsIds) {
  start();
  time_.advance(999ms);
  takeSavepoint();
  time_.advance(1ms);  // The checkpoint is due at the same time.
  takeSavepoint();
  takeSavepoint();
  time_.runDue();
  ASSERT_THAT(tasks_.triggered, SizeIs(4));
  EXPECT_THAT(tasks_.triggered, ElementsAre(1, 2, 3, 4));
}

TEST_F(CoordinatorCornersTest, ManySavepointsAtOnceAreEachAnsweredInWhateverOrderTheyComplete) {
  start();
  for (int i = 0; i < 20; ++i) {
    takeSavepoint();
  }
  time_.runDue();
  for (std::uint64_t id = 20; id > 0; --id) {
    acknowledgeAll(id);
  }
  EXPECT_THAT(savepoints_, SizeIs(20));
  EXPECT_THAT(savepoints_, Each("done"));
  ASSERT_NE(coordinator_->latest(), nullptr);
  EXPECT_EQ(coordinator_->latest()->metadata.checkpoint, CheckpointId(20));
}

TEST_F(CoordinatorCornersTest, ASavepointThatIsDeclinedIsAnsweredAndBeginsNothing) {
  start();
  takeSavepoint();
  time_.runDue();
  decline(1);
  EXPECT_THAT(savepoints_, ElementsAre(HasSubstr("no")));
  EXPECT_THAT(tasks_.triggered, ElementsAre(1));
  completeNext(2);
  EXPECT_THAT(tasks_.notified, ElementsAre(2));
}

TEST_F(CoordinatorCornersTest, SavepointsWaitForNoPauseAndAreNotCounted) {
  graph_.checkpoints.min_pause = 10s;
  start();
  completeNext(1);
  takeSavepoint();
  takeSavepoint();
  time_.runDue();
  EXPECT_THAT(tasks_.triggered, ElementsAre(1, 2, 3));
  acknowledgeAll(2);
  acknowledgeAll(3);
  EXPECT_THAT(savepoints_, ElementsAre("done", "done"));
}

TEST_F(CoordinatorCornersTest, ADirectoryThatVanishedIsMadeAgain) {
  start();
  completeNext(1);
  ASSERT_TRUE(files_.removeAll("/c"));
  completeNext(2);
  EXPECT_THAT(tasks_.notified, ElementsAre(1, 2));
  EXPECT_THAT(testing::unmarked(files_), SizeIs(3));  // Two of tasks, and the metadata.
}

TEST_F(CoordinatorCornersTest, ADirectoryThatCannotBeWrittenFailsEachNamingItUntilItCan) {
  start();
  completeNext(1);
  for (const std::uint64_t id : {2, 3, 4}) {
    time_.advance(1s);
    write(id, 1);
    write(id, 2);
    files_.failEverything(Error(ErrorCode::kIo, "Read-only file system"));
    acknowledge(ackWithFile(id, 1));
    acknowledge(ackWithFile(id, 2));
    files_.failEverything(std::nullopt);
    EXPECT_THAT(failureOf(id), HasSubstr("Read-only file system"));
  }
  ASSERT_NE(coordinator_->latest(), nullptr);
  EXPECT_EQ(coordinator_->latest()->metadata.checkpoint, CheckpointId(1));
  completeNext(5);
  EXPECT_THAT(tasks_.notified, ElementsAre(1, 5));
}

TEST_F(CoordinatorCornersTest, ADiskThatIsFullFailsTheCheckpointAndTheSavepointAndKeepsTheLastOne) {
  start();
  completeNext(1);
  files_.limitBytes(files_.files().size());  // Not a byte more.
  time_.advance(1s);
  takeSavepoint();
  time_.runDue();
  for (const std::uint64_t id : {2, 3}) {
    acknowledge(ackOf(id, 1));
    acknowledge(ackOf(id, 2));
  }
  EXPECT_EQ(coordinator_->latest()->metadata.checkpoint, CheckpointId(1));
  EXPECT_EQ(coordinator_->history().failed(), 2U);
  EXPECT_THAT(savepoints_, ElementsAre(HasSubstr("metadata")));
  files_.limitBytes(std::nullopt);
  completeNext(4);
  EXPECT_EQ(coordinator_->latest()->metadata.checkpoint, CheckpointId(4));
}

/// The wall clock is set while a job runs; time itself goes on.
class SetClock final : public Clock {
 public:
  explicit SetClock(const Clock& time) : time_(time) {}
  SteadyTime now() const override { return time_.now(); }
  WallTime wallNow() const override { return time_.wallNow() + ahead; }

  Duration ahead{0};

 private:
  const Clock& time_;
};

TEST_F(CoordinatorCornersTest, AClockThatIsSetChangesNeitherIntervalsNorTimeoutsNorDurations) {
  SetClock clock(time_);
  coordinator_.emplace(
      CheckpointServices{strand_, *io_, clock, files_, blobs_, discarder_}, graph_, setup_, tasks_);
  coordinator_->start();
  for (const Duration ahead : {Duration(24h), Duration(-24h), Duration(0)}) {
    const std::uint64_t id = tasks_.triggered.size() + 1;
    time_.advance(id == 1 ? 1000ms : 980ms);  // Up to one interval after the last.
    ASSERT_THAT(tasks_.triggered, SizeIs(id));
    clock.ahead = ahead;
    time_.advance(20ms);
    acknowledgeAll(id);
    ASSERT_THAT(tasks_.notified, SizeIs(id));
    EXPECT_EQ(coordinator_->history().report(CheckpointId(id))->duration_millis, 20);
  }
  coordinator_.reset();  // Before its clock.
}

TEST_F(CoordinatorCornersTest, AJobThatEndsMeanwhileAnswersEverybodyAndLeavesNothing) {
  start();
  time_.advance(1s);
  takeSavepoint();
  takeSavepoint();
  time_.runDue();
  acknowledge(1, 1);
  acknowledge(2, 1);
  EXPECT_TRUE(end());
  EXPECT_THAT(savepoints_, ElementsAre(HasSubstr("over"), HasSubstr("over")));
  acknowledge(2, 2);  // On its way when the job ended.
  EXPECT_THAT(savepoints_, SizeIs(2));
  EXPECT_THAT(tasks_.notified, IsEmpty());
}

}  // namespace
}  // namespace weir::jobmanager
