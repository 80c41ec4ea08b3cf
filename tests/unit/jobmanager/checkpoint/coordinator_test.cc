#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/snapshot/metadata_file.h"
#include "tests/unit/jobmanager/checkpoint/coordinator_fixture.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using CoordinatorTest = CoordinatorFixture;

TEST_F(CoordinatorTest, TriggersFirstOneIntervalAfterAllTasksRun) {
  start();
  time_.advance(999ms);
  EXPECT_THAT(tasks_.triggered, IsEmpty());
  time_.advance(1ms);
  EXPECT_THAT(tasks_.triggered, ElementsAre(1));
}

TEST_F(CoordinatorTest, CompletesWhenAllAcknowledgedAndTheMetadataIsWritten) {
  start();
  time_.advance(1s);
  acknowledge(1, 1);
  EXPECT_THAT(tasks_.notified, IsEmpty());
  write(1, 2);
  coordinator_->acknowledge(ackWithFile(1, 2));  // The threads for files have not run yet.
  EXPECT_THAT(tasks_.notified, IsEmpty());
  EXPECT_EQ(coordinator_->latest(), nullptr);
  time_.runDue();
  EXPECT_THAT(tasks_.notified, ElementsAre(1));
  const auto metadata = snapshot::readMetadata(files_, coordinator_->latest()->directory);
  ASSERT_TRUE(metadata) << metadata.error().text();
  EXPECT_EQ(metadata->operators[0].subtasks[0].handle.location, "0a0b0c0d-0-1-00000001");
}

TEST_F(CoordinatorTest, CompletesNothingWhoseMetadataCannotBeWritten) {
  start();
  time_.advance(1s);
  acknowledge(1, 1);
  write(1, 2);
  files_.failEverything(Error(ErrorCode::kIo, "the disk is gone"));
  acknowledge(ackWithFile(1, 2));
  EXPECT_THAT(tasks_.pointed, IsEmpty());
  EXPECT_THAT(tasks_.notified, IsEmpty());
  EXPECT_THAT(tasks_.aborted, ElementsAre(1));
  EXPECT_EQ(coordinator_->latest(), nullptr);
  EXPECT_THAT(failureOf(1), HasSubstr("the disk is gone"));
}

TEST_F(CoordinatorTest, DiscardsTheOlderOneWithItsDirectory) {
  start();
  completeNext(1);
  ASSERT_TRUE(files_.stat(directoryOf(1)));
  completeNext(2);
  EXPECT_FALSE(files_.stat(directoryOf(1)));
  EXPECT_TRUE(files_.stat(directoryOf(2)));
}

TEST_F(CoordinatorTest, CountsADeclinedOneAndGoesOnAtTheNextInterval) {
  start();
  time_.advance(1s);
  decline(1);
  EXPECT_THAT(tasks_.aborted, ElementsAre(1));
  EXPECT_EQ(coordinator_->history().failed(), 1U);
  time_.advance(1s);
  EXPECT_THAT(tasks_.triggered, ElementsAre(1, 2));
}

TEST_F(CoordinatorTest, RemovesWhatArrivesLateForAnAbortedOne) {
  start();
  time_.advance(1s);
  decline(1);
  acknowledge(1, 2);
  time_.runDue();
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(CoordinatorTest, IgnoresARepeatedAcknowledgementOfACompletedOne) {
  start();
  time_.advance(1s);
  acknowledgeAll(1);
  const auto before = testing::unmarked(files_);
  runtime::CheckpointAck again;
  again.checkpoint = CheckpointId(1);
  again.task = {testing::operatorId(1), 0};
  again.operators.resize(1);
  again.operators[0].handle.storage = runtime::SectionHandle::Storage::kFile;
  again.operators[0].handle.location = before.front();
  coordinator_->acknowledge(again);
  time_.runDue();
  EXPECT_EQ(testing::unmarked(files_), before);
}

TEST_F(CoordinatorTest, RefusesStateOutsideOfItsCheckpointsDirectory) {
  start();
  const std::string job = "file:/c/" + testing::jobId(1).hex();
  const std::vector<std::string> locations = {"/etc/passwd",
                                              "file:/c/other",
                                              job + "/chk-1/../../other",
                                              job + "/chk-7/1",
                                              job + "/chk-1",
                                              job + "/chk-1/sub/1",
                                              job + "/chk-1/metadata",
                                              "1",
                                              ""};
  for (const std::string& location : locations) {
    time_.advance(1s);
    static_cast<void>(fs::writeAll(files_, location, "a letter"));
    const std::uint64_t id = tasks_.triggered.back();
    for (const std::uint8_t vertex : {1, 2}) {  // While it is pending, and once it is aborted.
      runtime::CheckpointAck ack;
      ack.checkpoint = CheckpointId(id);
      ack.task = {testing::operatorId(vertex), 0};
      ack.operators.resize(1);
      ack.operators[0].handle.storage = runtime::SectionHandle::Storage::kFile;
      ack.operators[0].handle.location = location;
      ack.operators[0].handle.size = 1;
      const auto before = testing::unmarked(files_);
      coordinator_->acknowledge(ack);
      time_.runDue();
      EXPECT_EQ(testing::unmarked(files_), before) << location;
    }
    EXPECT_EQ(tasks_.aborted.back(), id) << location;
    static_cast<void>(files_.removeAll("/c"));
  }
}

TEST_F(CoordinatorTest, LeavesForeignFilesInItsDirectories) {
  start();
  time_.advance(1s);
  acknowledgeAll(1);
  const std::string notes = "/c/" + testing::jobId(1).hex() + "/chk-1/notes.txt";
  static_cast<void>(fs::writeAll(files_, notes, "mine"));
  time_.advance(1s);
  acknowledgeAll(2);
  coordinator_->stop(Error(ErrorCode::kCancelled, "over"));
  bool ended = false;
  coordinator_->end(false, [&] { ended = true; });
  time_.runDue();
  EXPECT_TRUE(ended);
  EXPECT_THAT(testing::unmarked(files_), ElementsAre(notes));
}

TEST_F(CoordinatorTest, SavepointsDoNotSubsumeOneAnother) {
  start();
  takeSavepoint();
  takeSavepoint();
  acknowledgeAll(2);
  EXPECT_THAT(savepoints_, ElementsAre("done"));
  acknowledgeAll(1);
  EXPECT_THAT(savepoints_, ElementsAre("done", "done"));
}

TEST_F(CoordinatorTest, KeepsTheFilesOfASavepointThatFellOutOfTheStore) {
  start();
  takeSavepoint();
  acknowledgeAll(1);
  time_.advance(1s);
  acknowledgeAll(2);
  EXPECT_THAT(testing::unmarked(files_), Contains(HasSubstr("/chk-1/metadata")));
  EXPECT_FALSE(coordinator_->releaseSavepoint(CheckpointId(1)));
}

TEST_F(CoordinatorTest, NeedsADisposedSavepointUntilTheNextCheckpoint) {
  start();
  takeSavepoint();
  acknowledgeAll(1);
  EXPECT_TRUE(coordinator_->releaseSavepoint(CheckpointId(1)));
  time_.advance(1s);
  acknowledgeAll(2);
  EXPECT_THAT(testing::unmarked(files_), Not(Contains(HasSubstr("/chk-1/"))));
}

TEST_F(CoordinatorTest, AnswersPendingSavepointsWhenTheAttemptEnds) {
  start();
  takeSavepoint();
  coordinator_->stop(Error(ErrorCode::kUnavailable, "the job restarts"));
  EXPECT_THAT(savepoints_, ElementsAre("the job restarts"));
  EXPECT_THAT(tasks_.aborted, ElementsAre(1));
}

TEST_F(CoordinatorTest, ExpiresAfterItsTimeout) {
  graph_.checkpoints.timeout = 3s;
  start();
  takeSavepoint();
  time_.advance(4s);
  EXPECT_THAT(savepoints_, ElementsAre(HasSubstr("expired before completing")));
}

TEST_F(CoordinatorTest, CompletesNothingThatTheStoreOfJobsDoesNotPointTo) {
  start();
  time_.advance(1s);
  acknowledgeAll(1);
  tasks_.point_result = Error(ErrorCode::kUnavailable, "the journal is full");
  time_.advance(1s);
  acknowledgeAll(2);
  EXPECT_THAT(tasks_.notified, ElementsAre(1));
  EXPECT_THAT(tasks_.aborted, ElementsAre(2));
  EXPECT_EQ(coordinator_->latest()->metadata.checkpoint, CheckpointId(1));
  EXPECT_THAT(testing::unmarked(files_), Not(Contains(HasSubstr("/chk-2/"))));
  EXPECT_THAT(testing::unmarked(files_), Contains(HasSubstr("/chk-1/metadata")));
}

TEST_F(CoordinatorTest, CompletesNothingBeforeTheStoreOfJobsPointsToIt) {
  start();
  tasks_.hold_points = true;
  time_.advance(1s);
  acknowledgeAll(1);
  EXPECT_THAT(tasks_.pointed, ElementsAre(1));
  EXPECT_THAT(tasks_.notified, IsEmpty());
  EXPECT_EQ(coordinator_->latest(), nullptr);
  bool settled = false;
  coordinator_->whenSettled([&] { settled = true; });
  time_.runDue();
  EXPECT_FALSE(settled);
  tasks_.answerPoint();
  EXPECT_THAT(tasks_.notified, ElementsAre(1));
  time_.runDue();
  EXPECT_TRUE(settled);
}

TEST_F(CoordinatorTest, PointsToAllRetainedOnesOldestFirstAndOneAfterTheOther) {
  setup_.retained = 2;
  start();
  takeSavepoint();
  takeSavepoint();
  takeSavepoint();
  tasks_.hold_points = true;
  acknowledgeAll(2);
  acknowledgeAll(1);
  acknowledgeAll(3);
  EXPECT_THAT(tasks_.retained_ids, ElementsAre(2));
  tasks_.answerPoint();
  EXPECT_THAT(tasks_.retained_ids, ElementsAre(1, 2));
  tasks_.answerPoint();
  EXPECT_THAT(tasks_.retained_ids, ElementsAre(2, 3));
  tasks_.answerPoint();
  EXPECT_THAT(savepoints_, ElementsAre("done", "done", "done"));
  EXPECT_THAT(tasks_.notified, ElementsAre(2, 1, 3));
}

TEST_F(CoordinatorTest, ASavepointThatTheJobStoreDoesNotPointToIsItsUsersAlone) {
  start();
  time_.advance(1s);
  acknowledgeAll(1);
  takeSavepoint();
  tasks_.point_result = Error(ErrorCode::kUnavailable, "the journal is full");
  acknowledgeAll(2);
  EXPECT_THAT(savepoints_, ElementsAre("done"));
  EXPECT_THAT(tasks_.notified, ElementsAre(1));
  EXPECT_EQ(coordinator_->latest()->metadata.checkpoint, CheckpointId(1));
  EXPECT_THAT(testing::unmarked(files_), Contains(HasSubstr("/chk-2/metadata")));
  EXPECT_FALSE(coordinator_->releaseSavepoint(CheckpointId(2)));  // Its data goes with it.
}

TEST_F(CoordinatorTest, AStopIsStoredWithItsSavepointAndNoPeriodicCheckpointBeginsMeanwhile) {
  start();
  takeSavepoint(KeptSavepoint{}, runtime::StopMode::kSuspend);
  time_.advance(2s);
  EXPECT_THAT(tasks_.triggered, ElementsAre(1));
  EXPECT_FALSE(tasks_.stored.stopped.has_value());
  acknowledgeAll(1);
  EXPECT_THAT(savepoints_, ElementsAre("done"));
  ASSERT_TRUE(tasks_.stored.stopped.has_value());
  EXPECT_EQ(tasks_.stored.stopped->result.checkpoint, CheckpointId(1));
  EXPECT_THAT(tasks_.retained_ids, ElementsAre(1));
  EXPECT_FALSE(coordinator_->releaseSavepoint(CheckpointId(9)));
  EXPECT_TRUE(tasks_.stored.stopped.has_value()) << "a later write forgot it";
}

TEST_F(CoordinatorTest, AStopThatTheStoreOfJobsDoesNotTakeFailsAndTheJobGoesOn) {
  start();
  takeSavepoint(KeptSavepoint{}, runtime::StopMode::kSuspend);
  tasks_.point_result = Error(ErrorCode::kUnavailable, "the journal is full");
  acknowledgeAll(1);
  EXPECT_THAT(savepoints_, ElementsAre(HasSubstr("did not take that the job stops with it")));
  EXPECT_THAT(tasks_.notified, IsEmpty());
  EXPECT_THAT(tasks_.aborted, ElementsAre(1));
  tasks_.point_result = ok();
  time_.advance(1s);
  EXPECT_THAT(tasks_.triggered, ElementsAre(1, 2));
  acknowledgeAll(2);
  EXPECT_FALSE(tasks_.stored.stopped.has_value());
}

TEST_F(CoordinatorTest, PointsToTheNewestOnlyWhenAnOlderSavepointCompletesLater) {
  start();
  takeSavepoint();
  time_.advance(1s);
  acknowledgeAll(2);
  acknowledgeAll(1);
  EXPECT_THAT(savepoints_, ElementsAre("done"));
  EXPECT_THAT(tasks_.retained_ids, ElementsAre(2));
  EXPECT_THAT(tasks_.stored.pinned, ElementsAre(CheckpointId(1)));
}

TEST_F(CoordinatorTest, TheMarkThatItsJobLivesGoesWithItThoughACheckpointStays) {
  start();
  const std::string mark = "/c/" + testing::jobId(1).hex() + "/in-use-" + testing::jobId(1).hex();
  EXPECT_THAT(files_.files(), IsEmpty());
  time_.advance(1s);
  acknowledgeAll(1);
  EXPECT_THAT(files_.files(), Contains(mark));
  coordinator_->stop(Error(ErrorCode::kCancelled, "over"));
  coordinator_->end(true, [] {});
  time_.runDue();
  EXPECT_THAT(files_.files(), AllOf(Not(Contains(mark)), Contains(HasSubstr("/chk-1/metadata"))));
}

TEST_F(CoordinatorTest, LeavesNothingAtTheEndOfItsJob) {
  start();
  completeNext(1);
  EXPECT_TRUE(end());
  EXPECT_THAT(files_.files(), IsEmpty());
  EXPECT_FALSE(files_.stat("/c/" + testing::jobId(1).hex()));
}

}  // namespace
}  // namespace weir::jobmanager
