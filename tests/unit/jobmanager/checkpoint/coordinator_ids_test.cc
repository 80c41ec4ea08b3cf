// Which ids snapshots get, and what the store of jobs knows of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/snapshot/metadata_file.h"
#include "tests/unit/jobmanager/checkpoint/coordinator_fixture.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CoordinatorIdsTest : public CoordinatorFixture {
 protected:
  /// As the leader finds the job that an earlier one ran.
  void resume(const ha::JobCheckpoints& stored) {
    coordinator_.emplace(services(), graph_, setup_, tasks_);
    coordinator_->resume(stored, {});
    coordinator_->start();
  }
  /// The files of a checkpoint that no leader here has taken.
  void completeAndForget(std::uint64_t id, bool savepoint = false) {
    write(id, 1);
    runtime::CheckpointMetadata metadata;
    metadata.checkpoint = CheckpointId(id);
    metadata.savepoint = savepoint;
    metadata.data_directory = directoryOf(id);
    ASSERT_TRUE(snapshot::writeMetadata(files_, directoryOf(id), metadata));
  }
};

TEST_F(CoordinatorIdsTest, ACheckpointWaitsUntilTheStoreKnowsItsId) {
  tasks_.hold_points = true;
  resume({.retained = {}, .pinned = {}, .next = CheckpointId(40)});
  time_.advance(1s);
  EXPECT_THAT(tasks_.triggered, IsEmpty());
  tasks_.answerPoint();
  EXPECT_THAT(tasks_.triggered, ElementsAre(40));
  EXPECT_EQ(tasks_.stored.next, CheckpointId(57));
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

TEST_F(CoordinatorIdsTest, NoTaskIsToldOfASavepointBeforeTheStoreKnowsThatItIsBegun) {
  tasks_.hold_points = true;
  start();
  takeSavepoint();
  EXPECT_THAT(tasks_.triggered, IsEmpty());
  ASSERT_THAT(tasks_.stored.begun, SizeIs(1));
  EXPECT_EQ(tasks_.stored.begun[0].id, CheckpointId(1));
  time_.advance(1s);  // A periodic one comes behind it.
  EXPECT_THAT(tasks_.triggered, IsEmpty());
  tasks_.answerPoint();
  EXPECT_THAT(tasks_.triggered, ElementsAre(1));
  tasks_.answerPoint();
  EXPECT_THAT(tasks_.triggered, ElementsAre(1, 2));
}

TEST_F(CoordinatorIdsTest, ASavepointThatFailsIsKnownUntilWhatItWroteIsRemoved) {
  start();
  takeSavepoint(Error(ErrorCode::kIo, "no space left"));
  acknowledge(1, 1);
  write(1, 2);
  coordinator_->acknowledge(ackWithFile(1, 2));
  EXPECT_TRUE(files_.stat(directoryOf(1)));
  coordinator_->releaseSavepoint(CheckpointId(9));  // Something is stored.
  EXPECT_THAT(tasks_.stored.begun, SizeIs(1));
  time_.runDue();
  EXPECT_FALSE(files_.stat(directoryOf(1)));
  completeNext(2);
  EXPECT_THAT(tasks_.stored.begun, IsEmpty());
}

TEST_F(CoordinatorIdsTest, ASavepointThatWasCutShortGoesOnceTheTasksRunAndThenItIsForgotten) {
  write(7, 1);                 // Tasks wrote their parts.
  completeAndForget(8, true);  // All had, and its metadata was written.
  completeAndForget(9, true);
  ha::JobCheckpoints stored{.retained = {{CheckpointId(10), false, directoryOf(10)}},
                            .pinned = {},
                            .next = CheckpointId(40)};
  stored.begun.resize(3);
  stored.begun[0].id = CheckpointId(7);
  stored.begun[1].id = CheckpointId(8);
  stored.begun[2].id = CheckpointId(9);
  stored.begun[2].path = "file:/s/savepoint-1";  // It may be there: nobody could look.
  coordinator_.emplace(services(), graph_, setup_, tasks_);
  coordinator_->resume(stored, {});
  time_.runDue();
  EXPECT_TRUE(files_.stat(directoryOf(7)));  // A task may still write to it.
  coordinator_->start();
  time_.runDue();
  EXPECT_FALSE(files_.stat(directoryOf(7)));
  EXPECT_FALSE(files_.stat(directoryOf(8)));
  EXPECT_TRUE(files_.stat(directoryOf(9)));
  completeNext(40);
  ASSERT_THAT(tasks_.stored.begun, SizeIs(1));
  EXPECT_EQ(tasks_.stored.begun[0].id, CheckpointId(9));
}

TEST_F(CoordinatorIdsTest, ASavepointThatWasCutShortGoesWithItsJobWhereNoTaskEverRuns) {
  completeAndForget(8, true);
  ha::JobCheckpoints stored{.retained = {}, .pinned = {}, .next = CheckpointId(40)};
  stored.begun.resize(1);
  stored.begun[0].id = CheckpointId(8);
  coordinator_.emplace(services(), graph_, setup_, tasks_);
  coordinator_->resume(stored, {});
  EXPECT_TRUE(end());
  EXPECT_FALSE(files_.stat(directoryOf(8)));
}

TEST_F(CoordinatorIdsTest, CheckpointsGoOnAfterAnIdCouldNotBeStored) {
  tasks_.point_result = Error(ErrorCode::kUnavailable, "the journal is full");
  resume({.retained = {}, .pinned = {}, .next = CheckpointId(40)});
  time_.advance(1s);
  tasks_.point_result = ok();
  time_.advance(1s);
  EXPECT_THAT(tasks_.triggered, ElementsAre(41));
}

TEST_F(CoordinatorIdsTest, WhatSavepointsHoldStaysWhenTheNextLeadersJobEnds) {
  write(7, 1);
  write(8, 1);
  resume({.retained = {}, .pinned = {CheckpointId(7)}, .next = CheckpointId(40)});
  EXPECT_TRUE(end());
  EXPECT_TRUE(files_.stat(directoryOf(7)));
  EXPECT_FALSE(files_.stat(directoryOf(8)));
}

TEST_F(CoordinatorIdsTest, RemovesWhatTheLeaderBeforeWasRemoving) {
  completeAndForget(7);
  write(8, 1);  // Its metadata was gone already.
  resume({.retained = {},
          .pinned = {},
          .next = CheckpointId(40),
          .discards = {CheckpointId(7), CheckpointId(8), CheckpointId(9)}});
  time_.runDue();
  EXPECT_FALSE(files_.stat(directoryOf(7)));
  EXPECT_FALSE(files_.stat(directoryOf(8)));
  takeSavepoint();
  acknowledgeAll(40);
  EXPECT_THAT(tasks_.stored.discards, IsEmpty());
}

TEST_F(CoordinatorIdsTest, RemovesWhatTheLeaderBeforeDiedOverOnceTheTasksRun) {
  write(7, 1);           // Pending.
  completeAndForget(8);  // Its metadata was written.
  completeAndForget(9);
  write(40, 1);  // May be this leader's.
  ASSERT_TRUE(fs::writeAll(files_, directoryOf(10) + "/notes", "x"));
  coordinator_.emplace(services(), graph_, setup_, tasks_);
  coordinator_->resume({.retained = {{CheckpointId(6), false, directoryOf(6)}},
                        .pinned = {CheckpointId(9)},
                        .next = CheckpointId(40)},
                       {});
  time_.runDue();
  EXPECT_TRUE(files_.stat(directoryOf(7)));  // A task may still write to it.
  coordinator_->start();
  time_.runDue();
  EXPECT_FALSE(files_.stat(directoryOf(7)));
  EXPECT_FALSE(files_.stat(directoryOf(8)));
  EXPECT_TRUE(files_.stat(directoryOf(9)));
  EXPECT_TRUE(files_.stat(directoryOf(10) + "/notes"));  // Not ours.
  EXPECT_TRUE(files_.stat(directoryOf(40)));
}

TEST_F(CoordinatorIdsTest, LeavesWhatMayBeASavepointAndWhatIsOlderThanTheOneItRecoversFrom) {
  completeAndForget(5);
  completeAndForget(7, true);
  ASSERT_TRUE(fs::writeAll(files_, directoryOf(8) + "/metadata", "damaged"));
  coordinator_.emplace(services(), graph_, setup_, tasks_);
  coordinator_->resume({.retained = {{CheckpointId(6), false, directoryOf(6)}},
                        .pinned = {},
                        .next = CheckpointId(40)},
                       {});
  coordinator_->start();
  time_.runDue();
  for (const std::uint64_t id : {5, 7, 8}) {
    EXPECT_TRUE(files_.stat(directoryOf(id))) << id;
  }
}

TEST_F(CoordinatorIdsTest, LeavesStateWithoutMetadataThatMayNameHandlesOfUsersOwnMaking) {
  setup_.program = std::make_shared<runtime::JobProgram>();
  write(7, 1);
  completeAndForget(8);
  resume({.retained = {}, .pinned = {}, .next = CheckpointId(40)});
  time_.runDue();
  EXPECT_TRUE(files_.stat(directoryOf(7)));
  EXPECT_FALSE(files_.stat(directoryOf(8)));
}

TEST_F(CoordinatorIdsTest, TheStoreKnowsWhatIsBeingRemovedUntilItIsGone) {
  start();
  completeNext(1);
  time_.advance(1s);
  acknowledge(2, 1);
  write(2, 2);
  coordinator_->acknowledge(ackWithFile(2, 2));
  time_.runDue();
  EXPECT_THAT(tasks_.stored.discards, ElementsAre(CheckpointId(1)));
  EXPECT_FALSE(files_.stat(directoryOf(1)));
  completeNext(3);
  EXPECT_THAT(tasks_.stored.discards, ElementsAre(CheckpointId(2)));
}

TEST_F(CoordinatorIdsTest, ADisposedSavepointGoesWithTheJobsNextCheckpointAlsoUnderTheNextLeader) {
  completeAndForget(7, true);
  coordinator_.emplace(services(), graph_, setup_, tasks_);
  std::vector<CompletedCheckpoint> retained(1);
  retained[0].directory = directoryOf(7);
  retained[0].metadata = *snapshot::readMetadata(files_, directoryOf(7));
  coordinator_->resume({.retained = {{CheckpointId(7), true, directoryOf(7)}},
                        .pinned = {},
                        .next = CheckpointId(40)},
                       std::move(retained));
  coordinator_->start();
  completeNext(40);
  EXPECT_FALSE(files_.stat(directoryOf(7)));
}

TEST_F(CoordinatorIdsTest, OfAJobThatHadEndedWhatWasRetainedStays) {
  for (const std::uint64_t id : {6, 7, 8}) {
    completeAndForget(id);
  }
  coordinator_.emplace(services(), graph_, setup_, tasks_);
  coordinator_->resume({.retained = {{CheckpointId(7), false, directoryOf(7)}},
                        .pinned = {CheckpointId(6)},
                        .next = CheckpointId(40),
                        .discards = {CheckpointId(8)},
                        .result = runtime::JobResult{}},
                       {});
  EXPECT_TRUE(end());
  EXPECT_TRUE(files_.stat(directoryOf(6)));
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
