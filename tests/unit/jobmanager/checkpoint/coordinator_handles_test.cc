// What becomes of state handles of users' own making.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/jobmanager/checkpoint/coordinator_fixture.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class CoordinatorHandlesTest : public CoordinatorFixture {
 protected:
  /// Vertex 1 keeps state of its own, vertex 2 a handle.
  CoordinatorHandlesTest() {
    graph_.operators[1].custom_handles = true;
    setup_.program = program_;
    start();
    time_.advance(1s);  // Checkpoint 1 is pending.
  }
  void refuse() { discarder_.answer = Error(ErrorCode::kUnavailable, "no worker"); }

  // As the job shares it.
  std::shared_ptr<const runtime::JobProgram> program_ = std::make_shared<runtime::JobProgram>();
};

TEST_F(CoordinatorHandlesTest, DiscardsThoseOfTheDroppedCheckpoint) {
  acknowledgeAll(1);
  EXPECT_THAT(discarder_.handles, IsEmpty());
  completeNext(2);
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 2)));
  EXPECT_EQ(discarder_.discards[0].program, program_);
  EXPECT_EQ(discarder_.discards[0].handles[0].operator_id, testing::operatorId(2));
  EXPECT_THAT(discarder_.discards[0].owner, HasSubstr("checkpoint 1"));
}

TEST_F(CoordinatorHandlesTest, RemovesTheFilesOnlyAfterTheHandles) {
  acknowledgeAll(1);
  discarder_.holds = true;
  completeNext(2);
  EXPECT_THAT(testing::unmarked(files_), Contains(HasSubstr("/chk-1/")));
  discarder_.release();
  time_.runDue();
  EXPECT_THAT(testing::unmarked(files_), Each(HasSubstr("/chk-2/")));
}

TEST_F(CoordinatorHandlesTest, RemovesTheFilesThoughDiscardStateThrew) {
  acknowledgeAll(1);
  discarder_.answer = std::vector<std::string>{"discardState() threw"};
  completeNext(2);
  EXPECT_THAT(testing::unmarked(files_), Each(HasSubstr("/chk-2/")));
}

TEST_F(CoordinatorHandlesTest, DiscardsWhatAnAbortedOneHadAcknowledged) {
  discarder_.holds = true;
  acknowledge(1, 2);
  decline(1);
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 2)));
  EXPECT_THAT(testing::unmarked(files_), SizeIs(1));
  discarder_.release();
  time_.runDue();
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(CoordinatorHandlesTest, DiscardsOnceWhatWasAcknowledgedTwice) {
  acknowledge(1, 2);
  acknowledgeAgain(1, 2);
  decline(1);
  acknowledgeAgain(1, 2);
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 2)));
}

TEST_F(CoordinatorHandlesTest, DiscardsOnceWhatArrivesLateTwice) {
  decline(1);
  acknowledge(1, 2);
  acknowledgeAgain(1, 2);
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 2)));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(CoordinatorHandlesTest, KeepsTheFileOfWhatIsSaidTwiceUntilItIsDiscarded) {
  discarder_.holds = true;
  decline(1);
  acknowledge(1, 2);
  acknowledgeAgain(1, 2);
  EXPECT_THAT(testing::unmarked(files_), SizeIs(1));
  discarder_.release();
  time_.runDue();
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(CoordinatorHandlesTest, DiscardsNothingOfACompletedOneThatIsAcknowledgedAgain) {
  acknowledgeAll(1);
  acknowledgeAgain(1, 2);
  EXPECT_THAT(discarder_.handles, IsEmpty());
}

TEST_F(CoordinatorHandlesTest, KeepsTheFileOfAnAcknowledgementThatIsOnItsWayDuringTheAbort) {
  acknowledge(1, 1);
  write(1, 2);
  decline(1);
  EXPECT_THAT(testing::unmarked(files_), ElementsAre(HasSubstr(path(1, 2).substr(5))));
  acknowledgeAgain(1, 2);
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 2)));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(CoordinatorHandlesTest, KeepsTheFileOfALateHandleUntilItIsDiscarded) {
  graph_.operators[0].custom_handles = true;
  acknowledge(1, 1);
  discarder_.holds = true;
  decline(1);
  acknowledge(1, 2);
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 1), path(1, 2)));
  coordinator_->stop(Error(ErrorCode::kUnavailable, "the job restarts"));
  coordinator_->attemptEnded();
  time_.runDue();
  EXPECT_THAT(testing::unmarked(files_), SizeIs(2));
  discarder_.release();
  time_.runDue();
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(CoordinatorHandlesTest, RemovesWhatTasksOfAnEndedAttemptLeftBehind) {
  decline(1);
  write(1, 2);  // Of a task that died before it acknowledged.
  coordinator_->stop(Error(ErrorCode::kUnavailable, "the job restarts"));
  coordinator_->attemptEnded();
  time_.runDue();
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(CoordinatorHandlesTest, DiscardsThoseOfASavepointThatCouldNotBeWritten) {
  takeSavepoint(Error(ErrorCode::kUnavailable, "disk full"));
  acknowledgeAll(2);
  EXPECT_THAT(discarder_.handles, ElementsAre(path(2, 2)));
}

TEST_F(CoordinatorHandlesTest, KeepsTheFilesWhenTheHandlesAreNotDiscarded) {
  refuse();
  acknowledgeAll(1);
  completeNext(2);
  EXPECT_THAT(testing::unmarked(files_), Contains(HasSubstr(path(1, 2).substr(5))));
  EXPECT_THAT(testing::unmarked(files_), Contains(HasSubstr("/chk-1/metadata")));
  EXPECT_TRUE(end());
  EXPECT_THAT(testing::unmarked(files_), Contains(HasSubstr("/chk-1/metadata")));
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 2), path(2, 2)));
}

TEST_F(CoordinatorHandlesTest, KeepsTheFilesOfAnAbortedOneWhenItsHandlesAreNotDiscarded) {
  refuse();
  acknowledge(1, 2);
  decline(1);
  coordinator_->stop(Error(ErrorCode::kUnavailable, "the job restarts"));
  coordinator_->attemptEnded();
  EXPECT_TRUE(end());
  EXPECT_THAT(testing::unmarked(files_), ElementsAre(HasSubstr(path(1, 2).substr(5))));
}

TEST_F(CoordinatorHandlesTest, DiscardsAllAtTheEndAndWaitsForIt) {
  acknowledgeAll(1);
  discarder_.holds = true;
  EXPECT_FALSE(end());
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 2)));
  EXPECT_THAT(testing::unmarked(files_), SizeIs(3));
  discarder_.release();
  time_.runDue();
  EXPECT_TRUE(ended_);
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(CoordinatorHandlesTest, LeavesThoseOfTheCheckpointThatAFailedJobKeeps) {
  acknowledgeAll(1);
  EXPECT_TRUE(end(true));
  EXPECT_THAT(discarder_.handles, IsEmpty());
  EXPECT_THAT(testing::unmarked(files_), Contains(HasSubstr("/chk-1/metadata")));
}

TEST_F(CoordinatorHandlesTest, LeavesThoseThatASavepointPointsTo) {
  takeSavepoint(KeptSavepoint{});
  acknowledgeAll(2);
  completeNext(3);
  EXPECT_TRUE(end());
  EXPECT_THAT(discarder_.handles, ElementsAre(path(3, 2)));
  EXPECT_THAT(testing::unmarked(files_), Each(HasSubstr("/chk-2/")));
}

TEST_F(CoordinatorHandlesTest, LeavesThoseOfASavepointThatHoldsTheOtherStateItself) {
  takeSavepoint(KeptSavepoint{.result = {}, .shares_data = false});
  acknowledgeAll(2);
  completeNext(3);
  EXPECT_THAT(testing::unmarked(files_), Each(HasSubstr("/chk-3/")));
  EXPECT_TRUE(end());
  EXPECT_THAT(discarder_.handles, ElementsAre(path(3, 2)));
}

TEST_F(CoordinatorHandlesTest, DiscardsThoseOfADisposedSavepointWithTheNextCheckpoint) {
  for (const bool shares_data : {true, false}) {
    const std::uint64_t id = shares_data ? 2 : 4;
    takeSavepoint(KeptSavepoint{.result = {}, .shares_data = shares_data});
    acknowledgeAll(id);
    EXPECT_TRUE(coordinator_->releaseSavepoint(CheckpointId(id)));
    discarder_.handles.clear();
    completeNext(id + 1);
    EXPECT_THAT(discarder_.handles, ElementsAre(path(id, 2)));
  }
}

}  // namespace
}  // namespace weir::jobmanager
