// How a job starts from a savepoint: what it is refused for, what it reports and whom it marks.
#include "common/snapshot/metadata_file.h"
#include "jobmanager/scheduler/job_master.h"
#include "tests/unit/jobmanager/scheduler/job_fixture.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class JobRestoreTest : public testing::JobFixture {
 protected:
  /// A job that starts from checkpoint 41 of another one.
  JobRestoreTest() {
    runtime::CheckpointMetadata metadata;
    metadata.job = testing::jobId(9);
    metadata.checkpoint = CheckpointId(41);
    metadata.savepoint = true;
    metadata.data_directory = kDirectory;
    metadata.operators.resize(1);
    metadata.operators[0].id = testing::operatorId(1);
    metadata.operators[0].uid = "source";
    metadata.operators[0].parallelism = 1;
    metadata.operators[0].subtasks.resize(1);
    runtime::SectionHandle& handle = metadata.operators[0].subtasks[0].handle;
    handle.storage = runtime::SectionHandle::Storage::kInline;
    handle.bytes = "state";
    handle.size = 5;
    EXPECT_TRUE(snapshot::writeMetadata(files_, kDirectory, metadata));
    request_.graph = testing::twoVertices(testing::JobFixture::kTaskManagers);
    request_.restore.emplace();
    request_.restore->path = kDirectory;
    request_.restore->allow_non_restored = true;
  }
  static constexpr const char* kDirectory = "file:/s/savepoint-0123456789ab";
  const std::string mark_ = "/s/savepoint-0123456789ab/in-use-" + testing::jobId(1).hex();
};

TEST_F(JobRestoreTest, AnswersOnceItsSavepointIsMatchedAndGoesOnWithItsIds) {
  startRunning();
  ASSERT_TRUE(reply_ && reply_->has_value()) << reply_->error().text();
  EXPECT_THAT(files_.files(), Contains(mark_));
  time_.advance(1s);
  EXPECT_EQ(triggered().back(), 42U);
}

TEST_F(JobRestoreTest, ItsMarkGoesOnceItHasACheckpointOfItsOwn) {
  startRunning();
  time_.advance(1s);
  EXPECT_THAT(files_.files(), Contains(mark_));
  acknowledge(42);
  EXPECT_THAT(files_.files(), Not(Contains(mark_)));
}

TEST_F(JobRestoreTest, ItsMarkGoesWhenTheJobEnds) {
  startRunning();
  EXPECT_TRUE(cancel());
  EXPECT_THAT(files_.files(), Contains(mark_));
  workersExited();
  EXPECT_EQ(log_.states.back(), "CANCELED");
  EXPECT_THAT(files_.files(), Not(Contains(mark_)));
}

TEST_F(JobRestoreTest, ASavepointThatIsNoneEndsItWithoutRestartAndIsTheAnswer) {
  request_.restore->path = "/nowhere";
  addTaskManagers();
  start();
  ASSERT_TRUE(reply_ && !reply_->has_value());
  EXPECT_THAT(reply_->error().text(), HasSubstr("/nowhere"));
  EXPECT_EQ(log_.states.back(), "FAILED");
  EXPECT_THAT(deployments(), IsEmpty());
}

TEST_F(JobRestoreTest, ASavepointThatDoesNotFitEndsItWithoutRestartAndIsTheAnswer) {
  request_.restore->allow_non_restored = false;
  request_.restore->drop = {"no-such-uid"};
  addTaskManagers();
  start();
  ASSERT_TRUE(reply_ && !reply_->has_value());
  EXPECT_EQ(log_.states.back(), "FAILED");
  EXPECT_THAT(files_.files(), Not(Contains(mark_)));
}

TEST_F(JobRestoreTest, CancelWhileItsSavepointIsReadEndsItOnceThatIsOver) {
  addTaskManagers();
  const JobServices services{
      {strand_, io_, time_, files_, blobs_, discarder_}, random_, resources_, savepoints_, store_};
  job_ = std::make_unique<JobMaster>(services, options_, request_, log_);
  job_->start(std::nullopt, [this](auto reply) { reply_ = std::move(reply); });
  EXPECT_THAT(waiting(), HasSubstr("for savepoint file:/s/savepoint-0123456789ab to be read"));
  job_->cancel([](const Status&) {});
  EXPECT_FALSE(log_.ended);
  time_.runDue();
  EXPECT_TRUE(log_.ended);
  EXPECT_EQ(log_.states.back(), "CANCELED");
  ASSERT_TRUE(reply_ && !reply_->has_value());
  EXPECT_THAT(reply_->error().text(), HasSubstr("was cancelled before it started"));
  EXPECT_THAT(deployments(), IsEmpty());
  EXPECT_THAT(files_.files(), Not(Contains(mark_)));
}

TEST_F(JobRestoreTest, GoesOnFromTheCheckpointsThatAnEarlierLeaderStored) {
  const std::string directory = options_.storage.directory + "/chk-7";
  const auto metadata = snapshot::readMetadata(files_, kDirectory);
  ASSERT_TRUE(metadata && snapshot::writeMetadata(files_, directory, *metadata));
  resumed_.emplace().retained = {ha::CheckpointPointer{CheckpointId(41), false, directory}};
  request_.restore->path = "/nowhere";  // It is needed no more.
  startRunning();
  EXPECT_THAT(deployments().back().restores.tasks, Not(IsEmpty()));
  EXPECT_EQ(deployments().back().execution.epoch, store_.epoch());
  time_.advance(1s);
  EXPECT_EQ(triggered().back(), 42U);
}

TEST_F(JobRestoreTest, AJobThatHadStoppedOnlyCommitsAndFinishes) {
  const std::string directory = options_.storage.directory + "/chk-7";
  const auto metadata = snapshot::readMetadata(files_, kDirectory);
  ASSERT_TRUE(metadata && snapshot::writeMetadata(files_, directory, *metadata));
  resumed_.emplace().retained = {ha::CheckpointPointer{CheckpointId(41), false, directory}};
  resumed_->stopped.emplace().operation = OperationId::random(random_);
  resumed_->stopped->result.path = kDirectory;
  startRunning();
  EXPECT_THAT(deployments().back().restores.tasks, Not(IsEmpty()));
  EXPECT_TRUE(deployments().back().stopped);
  EXPECT_EQ(ordersOf<runtime::FinishOrder>(), 2U);
  time_.advance(10s);
  EXPECT_EQ(ordersOf<runtime::TriggerOrder>(), 0U);
  finishTasks();
  workersExited();
  EXPECT_EQ(log_.states.back(), "FINISHED");
}

TEST_F(JobRestoreTest, StartsFromItsSavepointWhenAnEarlierLeaderStoredNoCheckpoint) {
  resumed_.emplace();
  startRunning();
  ASSERT_TRUE(reply_ && reply_->has_value());
  EXPECT_THAT(deployments().back().restores.tasks, Not(IsEmpty()));
  EXPECT_THAT(files_.files(), Contains(mark_));
}

TEST_F(JobRestoreTest, ACheckpointOfAnEarlierLeaderThatCannotBeReadEndsItAndItsFilesStay) {
  const std::string directory = options_.storage.directory + "/chk-7";
  ASSERT_TRUE(fs::writeAll(files_, directory + "/metadata", "damaged"));
  resumed_.emplace().retained = {ha::CheckpointPointer{CheckpointId(7), false, directory}};
  addTaskManagers();
  start();
  EXPECT_EQ(log_.states.back(), "FAILED");
  EXPECT_THAT(log_.result->cause, HasSubstr("chk-7"));
  EXPECT_THAT(files_.files(), Contains(HasSubstr("/chk-7/metadata")));
}

TEST_F(JobRestoreTest, StorageThatIsAwayIsWaitedForAndTheJobGoesOnWhenItIsBack) {
  const std::string directory = options_.storage.directory + "/chk-7";
  resumed_.emplace().retained = {ha::CheckpointPointer{CheckpointId(41), false, directory}};
  request_.restore->path = "/nowhere";
  addTaskManagers();
  start();
  time_.advance(10min);
  EXPECT_EQ(state(), "CREATED");
  EXPECT_THAT(waiting(), HasSubstr("chk-7"));
  EXPECT_THAT(waiting(), HasSubstr("bring that storage back, or cancel the job"));
  const auto metadata = snapshot::readMetadata(files_, kDirectory);
  ASSERT_TRUE(metadata && snapshot::writeMetadata(files_, directory, *metadata));
  time_.advance(31s);
  EXPECT_THAT(deployments().back().restores.tasks, Not(IsEmpty()));
}

TEST_F(JobRestoreTest, AJobThatWaitsForStorageCanBeCancelledAndItsFilesStay) {
  const std::string directory = options_.storage.directory + "/chk-7";
  ASSERT_TRUE(fs::writeAll(files_, directory + "/data", "x"));
  resumed_.emplace().retained = {ha::CheckpointPointer{CheckpointId(7), false, directory}};
  addTaskManagers();
  start();
  EXPECT_EQ(state(), "CREATED");
  EXPECT_TRUE(cancel());
  EXPECT_EQ(log_.states.back(), "CANCELED");
  EXPECT_TRUE(log_.ended);
  EXPECT_THAT(files_.files(), Contains(HasSubstr("/chk-7/data")));
}

TEST_F(JobRestoreTest, TheSavepointOfAJobThatIsTakenUpIsWaitedForAsWell) {
  resumed_.emplace();
  request_.restore->path = "/away";
  addTaskManagers();
  start();
  time_.advance(10min);
  EXPECT_EQ(state(), "CREATED");
  EXPECT_THAT(waiting(), HasSubstr("/away"));
}

TEST_F(JobRestoreTest, ACheckpointThatEndedWithItsJobManagerEndsTheJobAndSaysWhatHelps) {
  resumed_.emplace().retained = {ha::CheckpointPointer{CheckpointId(7), false, ""}};
  addTaskManagers();
  start();
  EXPECT_EQ(log_.states.back(), "FAILED");
  EXPECT_THAT(log_.result->cause, HasSubstr("was kept on the job manager that ended"));
}

TEST_F(JobRestoreTest, HasEndedInTheStoreBeforeItsCheckpointsGo) {
  startRunning();
  time_.advance(1s);
  acknowledge(42);
  EXPECT_TRUE(cancel());
  static_cast<void>(
      *ha::beginTerm(stored_, 1s));  // Fences what the job's leader writes from now on.
  workersExited();
  EXPECT_FALSE(log_.ended);
  EXPECT_THAT(files_.files(), Contains(HasSubstr("/chk-42/metadata")));
}

TEST_F(JobRestoreTest, AJobThatHadEndedIsOnlyTidiedUpAndItsClientsAreToldWhatItCameTo) {
  const std::string directory = options_.storage.directory + "/chk-7";
  const auto metadata = snapshot::readMetadata(files_, kDirectory);
  ASSERT_TRUE(metadata && snapshot::writeMetadata(files_, directory, *metadata));
  resumed_.emplace().result = runtime::JobResult{.state = runtime::JobState::kFinished,
                                                 .runtime_millis = 5000,
                                                 .cause = "",
                                                 .accumulators = {{"lines", "IntCounter", "7"}}};
  resumed_->discards = {CheckpointId(7)};
  addTaskManagers();
  start();
  EXPECT_TRUE(log_.ended);
  ASSERT_TRUE(reply_ && reply_->has_value());
  EXPECT_THAT(deployments(), IsEmpty());
  EXPECT_EQ(log_.result->runtime_millis, 5000);
  EXPECT_THAT(log_.result->accumulators, SizeIs(1));
  EXPECT_EQ(state(), "FINISHED");
  EXPECT_FALSE(files_.stat(directory));
  EXPECT_THAT(ha::beginTerm(stored_, 1s)->jobs, IsEmpty());
}

TEST_F(JobRestoreTest, RestoresFromTheSavepointAgainWhileItHasNoCheckpointOfItsOwn) {
  startRunning();
  ASSERT_THAT(deployments().back().restores.tasks, Not(IsEmpty()));
  failWorker();
  time_.advance(3s);
  EXPECT_THAT(deployments().back().restores.tasks, Not(IsEmpty()));
}

}  // namespace
}  // namespace weir::jobmanager
