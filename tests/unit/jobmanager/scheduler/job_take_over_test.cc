// A job whose earlier leader died over a savepoint.
#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"
#include "common/snapshot/use_marks.h"
#include "jobmanager/scheduler/job_master.h"
#include "tests/unit/jobmanager/scheduler/job_fixture.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class JobTakeOverTest : public testing::JobFixture {
 protected:
  JobTakeOverTest() {
    ha::JobCheckpoints& stored = resumed_.emplace();
    writeCheckpoint(4, false);
    stored.retained = {{CheckpointId(4), false, directoryOf(4)}};
    stored.next = CheckpointId(40);
    ha::BegunSavepoint& begun = stored.begun.emplace_back();
    begun.id = CheckpointId(7);
    begun.operation = operation_;
    begun.path = savepoint_path_;
  }
  std::string directoryOf(std::uint64_t id) const {
    return options_.storage.directory + "/chk-" + std::to_string(id);
  }
  runtime::CheckpointMetadata metadataOf(std::uint64_t id, bool savepoint) const {
    runtime::CheckpointMetadata metadata;
    metadata.job = testing::jobId(1);
    metadata.checkpoint = CheckpointId(id);
    metadata.savepoint = savepoint;
    metadata.data_directory = directoryOf(id);
    return metadata;
  }
  void writeCheckpoint(std::uint64_t id, bool savepoint) {
    EXPECT_TRUE(snapshot::writeMetadata(files_, directoryOf(id), metadataOf(id, savepoint)));
  }
  /// As the earlier leader has left it: with its entry, or not.
  void leave(bool whole) {
    writeCheckpoint(7, true);
    if (whole) {
      EXPECT_TRUE(snapshot::writeMetadata(files_, savepoint_path_, metadataOf(7, true)));
    } else {
      EXPECT_TRUE(fs::writeAll(files_, savepoint_path_ + "/state-1", "x"));
    }
  }
  ha::JobCheckpoints storedNow() { return ha::beginTerm(stored_, 1s)->jobs.at(0).checkpoints; }
  std::string answer() const {
    const auto found = log_.savepoints.find(operation_);
    return found == log_.savepoints.end() ? "none" : found->second;
  }

  const OperationId operation_ = OperationId::random(random_);
  const std::string savepoint_path_ = "file:/s/savepoint-0123456789ab";
};

TEST_F(JobTakeOverTest, GoesOnFromASavepointThatIsWholeAndItsClientIsAnswered) {
  leave(true);
  startRunning();
  EXPECT_EQ(answer(), "done");
  EXPECT_EQ(job_->checkpoints().latest()->metadata.checkpoint, CheckpointId(7));
  EXPECT_FALSE(files_.stat(directoryOf(4)));
  const ha::JobCheckpoints stored = storedNow();
  EXPECT_THAT(stored.pinned, ElementsAre(CheckpointId(7)));
  EXPECT_EQ(stored.retained.back().id, CheckpointId(7));
  EXPECT_TRUE(stored.begun.at(0).result.has_value());
}

TEST_F(JobTakeOverTest, WaitsForTaskManagersThatComeLaterThanItsJobManager) {
  leave(true);
  start();
  time_.advance(options_.slot_wait);
  EXPECT_EQ(state(), "RESTARTING");
  EXPECT_THAT(job_->summary().failure, HasSubstr("not enough slots"));
  addTaskManagers();
  time_.advance(3s);
  reportRunning();
  EXPECT_EQ(state(), "RUNNING");
}

TEST_F(JobTakeOverTest, RequestsThatMeetItWaitUntilItRuns) {
  leave(true);
  start();
  bool passed = false;
  job_->takeUp().pass([&] { passed = true; });
  time_.advance(options_.slot_wait);
  EXPECT_EQ(state(), "RESTARTING");
  addTaskManagers();
  time_.advance(3s);
  EXPECT_FALSE(passed);
  reportRunning();
  EXPECT_TRUE(passed);
  bool later = false;
  job_->takeUp().pass([&] { later = true; });
  EXPECT_TRUE(later) << "at once";
}

TEST_F(JobTakeOverTest, RequestsThatMeetItGoOnWhenItIsCancelledOrDoesNotRunInTime) {
  leave(true);
  start();
  bool passed = false;
  job_->takeUp().pass([&] { passed = true; });
  time_.advance(1min);
  EXPECT_TRUE(passed);

  resumed_ = storedNow();
  start();
  bool cancelled = false;
  job_->takeUp().pass([&] { cancelled = true; });
  job_->cancel([](const Status&) {});
  time_.runDue();
  EXPECT_TRUE(cancelled);
}

TEST_F(JobTakeOverTest, RemovesASavepointThatIsNotWholeAndNothingElse) {
  leave(false);
  startRunning();
  EXPECT_THAT(answer(), HasSubstr("was not complete when the job manager of job"));
  EXPECT_EQ(job_->checkpoints().latest()->metadata.checkpoint, CheckpointId(4));
  EXPECT_FALSE(files_.stat(savepoint_path_));
  EXPECT_FALSE(files_.stat(directoryOf(7)));
  EXPECT_TRUE(files_.stat(directoryOf(4)));
  time_.advance(1s);
  acknowledge(40);
  EXPECT_THAT(storedNow().begun, IsEmpty());
}

TEST_F(JobTakeOverTest, OnlyCommitsWhereTheSavepointWasToStopIt) {
  leave(true);
  resumed_->begun[0].stop = runtime::StopMode::kSuspend;
  startRunning();
  EXPECT_EQ(answer(), "done");
  EXPECT_TRUE(deployments().back().stopped);
  EXPECT_EQ(storedNow().stopped->operation, operation_);
}

TEST_F(JobTakeOverTest, IsCancelledWhereThatWasToFollow) {
  leave(true);
  resumed_->begun[0].cancel_job = true;
  addTaskManagers();
  start();
  EXPECT_EQ(answer(), "done");
  EXPECT_EQ(log_.states.back(), "CANCELED");
  EXPECT_TRUE(files_.stat(savepoint_path_ + "/metadata"));
  EXPECT_TRUE(files_.stat(directoryOf(7)));
}

TEST_F(JobTakeOverTest, TakesTheMarksOfTheEarlierLeaderAwayOnceItNeedsThemNoMore) {
  leave(true);
  resumed_->begun.clear();
  resumed_->marks = {{CheckpointId(3), savepoint_path_}};
  const std::string mark = fs::join(savepoint_path_, snapshot::markName(testing::jobId(1)));
  EXPECT_TRUE(snapshot::writeMark(files_, savepoint_path_, testing::jobId(1), "the earlier one"));
  startRunning();
  EXPECT_TRUE(files_.stat(mark));
  time_.advance(1s);
  ASSERT_FALSE(triggered().empty());
  acknowledge(triggered().back());
  EXPECT_FALSE(files_.stat(mark));
  time_.advance(1s);
  acknowledge(triggered().back());
  EXPECT_THAT(storedNow().marks, IsEmpty());
}

TEST_F(JobTakeOverTest, DoesNothingFurtherWhenItIsNotTheLeaderAnyMore) {
  leave(true);
  addTaskManagers();
  static_cast<void>(*ha::beginTerm(stored_, 1s));  // This one does not lead any more.
  start();
  EXPECT_EQ(answer(), "none");
  EXPECT_THAT(deployments(), IsEmpty());
  EXPECT_TRUE(files_.stat(directoryOf(4)));
}

TEST_F(JobTakeOverTest, AnswersForASavepointThatWasToBeOnTheHeap) {
  writeCheckpoint(7, true);
  resumed_->begun[0].path.clear();
  startRunning();
  EXPECT_THAT(answer(), HasSubstr("was not complete"));
  EXPECT_FALSE(files_.stat(directoryOf(7)));
}

TEST_F(JobTakeOverTest, ASavepointThatCannotBeLookedAtIsLeftToTheNextLeader) {
  leave(false);
  ASSERT_TRUE(fs::writeAll(files_, savepoint_path_ + "/notes", "mine"));
  resumed_->begun[0].stop = runtime::StopMode::kSuspend;
  startRunning();
  EXPECT_THAT(answer(), HasSubstr("it is not known whether the savepoint"));
  EXPECT_FALSE(deployments().back().stopped);
  EXPECT_TRUE(files_.stat(directoryOf(7)));
  time_.advance(1s);
  acknowledge(40);
  EXPECT_THAT(storedNow().begun, SizeIs(1));
}

TEST_F(JobTakeOverTest, AnEndedJobsSavepointThatIsWholeStays) {
  leave(true);
  resumed_->result.emplace().state = runtime::JobState::kCanceled;
  addTaskManagers();
  start();
  EXPECT_EQ(answer(), "done");
  EXPECT_TRUE(log_.ended);
  EXPECT_TRUE(files_.stat(directoryOf(7)));
}

}  // namespace
}  // namespace weir::jobmanager
