#include "jobmanager/scheduler/adoption.h"

#include "common/snapshot/metadata_file.h"
#include "tests/unit/jobmanager/scheduler/job_fixture.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using runtime::TaskState;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// A job that an earlier leader ran on both task managers: subtask i on task manager i + 1.
class AdoptionTest : public testing::JobFixture {
 protected:
  AdoptionTest() {
    options_.adoption_wait = 10s;
    resumed_.emplace();
    deployed_ = ha::DeployedAttempt{
        .execution = old_,
        .task_managers = {{testing::taskManagerId(1), 1}, {testing::taskManagerId(2), 1}},
        .tasks = {{0, 1}, {0, 1}},
        .storage = options_.storage.directory};
  }
  void takeUp() {
    addTaskManagers();
    start();
  }
  void say(std::uint8_t vertex,
           std::uint32_t subtask,
           TaskState state,
           const std::string& cause = {},
           bool input_ended = false) {
    runtime::TaskUpdate update;
    update.execution = old_;
    update.task = {testing::operatorId(vertex), subtask};
    update.state = state;
    update.cause = cause;
    update.input_ended = input_ended;
    report(static_cast<std::uint8_t>(subtask + 1), std::vector{update});
  }
  void told(std::uint8_t from) {
    job_->adoption().told(testing::taskManagerId(from), old_);
    time_.runDue();
  }
  void tell(std::uint8_t from, TaskState state = TaskState::kRunning, bool input_ended = false) {
    say(1, from - 1U, state, {}, input_ended);
    say(2, from - 1U, state, {}, input_ended);
    told(from);
  }
  /// Both have told, and the job's checkpoint cannot be read.
  void takeUpWhileStorageIsAway() {
    resumed_->retained = {ha::CheckpointPointer{CheckpointId(7), false, checkpoint_}};
    takeUp();
    tell(1);
    tell(2);
  }
  void oldWorkerExited(std::uint8_t from, bool expected = true) {
    report(from, runtime::WorkerExited{old_, expected, expected ? "" : "killed by signal 11"});
  }
  std::string adoption() const { return job_->view().adoption; }
  void expectRestarted(const std::string& why) {
    EXPECT_THAT(adoption(), AllOf(HasSubstr("attempt 7 is not adopted: "), HasSubstr(why)));
    ASSERT_THAT(deployments(), SizeIs(1));
    EXPECT_NE(deployments()[0].execution, old_);
  }

  const std::string checkpoint_ = options_.storage.directory + "/chk-7";
  const runtime::ExecutionId old_{testing::jobId(1), AttemptId(7), LeaderEpoch(0)};
};

TEST_F(AdoptionTest, GoesOnWithAnAttemptOfWhichAllTasksRun) {
  takeUp();
  EXPECT_THAT(waiting(), HasSubstr("to tell whether attempt 7 still runs"));
  tell(1);
  EXPECT_EQ(state(), "CREATED");
  tell(2);
  EXPECT_EQ(state(), "RUNNING");
  EXPECT_EQ(adoption(), "adopted attempt 7 after 0 ms");
  EXPECT_THAT(gateways_[1]->adopted, ElementsAre(old_));
  EXPECT_THAT(gateways_[2]->adopted, ElementsAre(old_));
  EXPECT_THAT(deployments(), IsEmpty());
  EXPECT_EQ(job_->summary().restarts, 0U);
}

TEST_F(AdoptionTest, AbortsWhatMayBePendingAndGoesOnWithIdsAboveIt) {
  resumed_->next = CheckpointId(9);
  takeUp();
  tell(1);
  tell(2);
  std::vector<std::uint64_t> aborted;
  for (const auto& order : gateways_[2]->all<runtime::NotifyOrder>()) {
    EXPECT_FALSE(order.completed);
    EXPECT_EQ(order.execution, old_);
    aborted.push_back(order.checkpoint.value());
  }
  EXPECT_THAT(aborted, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  time_.advance(1s);
  const auto triggers = gateways_[1]->all<runtime::TriggerOrder>();
  ASSERT_THAT(triggers, SizeIs(1));
  EXPECT_EQ(triggers[0].execution, old_);
  EXPECT_THAT(triggers[0].order.checkpoint.value(), Ge(9U));
}

TEST_F(AdoptionTest, WaitsForItsTaskManagersOnlyForAWhile) {
  takeUp();
  tell(1);
  time_.advance(9s);
  EXPECT_EQ(state(), "CREATED");
  time_.advance(1s);
  EXPECT_THAT(gateways_[1]->given_up, ElementsAre(old_));
  EXPECT_THAT(deployments(), IsEmpty()) << "its worker is waited for";
  oldWorkerExited(1);
  expectRestarted("host2 did not tell of its workers within 10 s");
}

TEST_F(AdoptionTest, ATaskManagerThatTellsTooLateIsToldToGiveUp) {
  takeUp();
  tell(1);
  time_.advance(10s);
  oldWorkerExited(1);
  tell(2);
  EXPECT_THAT(gateways_[2]->given_up, ElementsAre(old_));
  expectRestarted("host2");
}

TEST_F(AdoptionTest, WorkersThatDoNotEndHoldUpTheRestartForAWhileOnly) {
  takeUp();
  tell(1);
  time_.advance(10s);
  time_.advance(5s);
  expectRestarted("host2");
}

TEST_F(AdoptionTest, ATaskManagerThatHasLetGoOfItMakesItRestartOnceTheOtherOnesWorkerHasEnded) {
  takeUp();
  job_->adoption().registered(testing::taskManagerId(2), {});
  time_.runDue();
  EXPECT_THAT(deployments(), IsEmpty());
  told(1);
  EXPECT_THAT(gateways_[1]->given_up, ElementsAre(old_));
  EXPECT_THAT(deployments(), IsEmpty());
  oldWorkerExited(1);
  expectRestarted("the task manager on host2 has no worker of it any more");
}

TEST_F(AdoptionTest, ATaskThatDidNotRunYetMakesItRestart) {
  takeUp();
  tell(1);
  say(1, 1, TaskState::kRunning);
  say(2, 1, TaskState::kDeploying);
  told(2);
  oldWorkerExited(1);
  oldWorkerExited(2);
  expectRestarted("its task count (2/2) was DEPLOYING");
}

TEST_F(AdoptionTest, ATaskThatFailedMeanwhileFailsTheJobAsEver) {
  takeUp();
  tell(1);
  say(1, 1, TaskState::kFailed, "out of cheese");
  say(2, 1, TaskState::kRunning);
  told(2);
  EXPECT_THAT(adoption(), HasSubstr("adopted attempt 7"));
  EXPECT_EQ(state(), "FAILING");
  EXPECT_THAT(job_->view().failure, HasSubstr("out of cheese"));
  oldWorkerExited(1);
  oldWorkerExited(2);
  EXPECT_EQ(state(), "RESTARTING");
}

TEST_F(AdoptionTest, AWorkerThatDiedMeanwhileFailsTheJobAsEver) {
  takeUp();
  tell(1);
  say(1, 1, TaskState::kRunning);
  say(2, 1, TaskState::kRunning);
  oldWorkerExited(2, false);
  told(2);
  EXPECT_EQ(state(), "FAILING");
  EXPECT_THAT(job_->view().failure, HasSubstr("killed by signal 11"));
}

TEST_F(AdoptionTest, AFailureIsNotWaitedForWithOtherTaskManagers) {
  takeUp();
  say(1, 0, TaskState::kFailed, "out of cheese");
  say(2, 0, TaskState::kRunning);
  told(1);
  time_.advance(3s);
  EXPECT_THAT(gateways_[1]->given_up, ElementsAre(old_));
}

TEST_F(AdoptionTest, InputsThatEndedMeanwhileLeadToTheFinalCheckpoint) {
  takeUp();
  tell(1, TaskState::kRunning, true);
  tell(2, TaskState::kRunning, true);
  time_.runDue();
  EXPECT_THAT(gateways_[1]->all<runtime::TriggerOrder>(), SizeIs(1));
}

TEST_F(AdoptionTest, AnAttemptOfWhichSomeTasksHaveFinishedIsFinished) {
  takeUp();
  tell(1, TaskState::kFinished, true);
  tell(2, TaskState::kRunning, true);
  ASSERT_THAT(gateways_[2]->all<runtime::FinishOrder>(), SizeIs(1));
  EXPECT_THAT(gateways_[1]->all<runtime::TriggerOrder>(), IsEmpty());
  say(1, 1, TaskState::kFinished, {}, true);
  say(2, 1, TaskState::kFinished, {}, true);
  oldWorkerExited(1);
  oldWorkerExited(2);
  time_.advance(1s);
  EXPECT_EQ(log_.result->state, runtime::JobState::kFinished);
}

TEST_F(AdoptionTest, AWholeAttemptThatHasFinishedIsTheEndOfItsJob) {
  takeUp();
  for (const std::uint8_t from : {1, 2}) {
    say(1, from - 1U, TaskState::kFinished, {}, true);
    say(2, from - 1U, TaskState::kFinished, {}, true);
    oldWorkerExited(from);
    told(from);
  }
  time_.advance(1s);
  ASSERT_TRUE(log_.result.has_value());
  EXPECT_EQ(log_.result->state, runtime::JobState::kFinished);
}

TEST_F(AdoptionTest, AnAttemptOfWhichAllTaskManagersHaveToldRunsOnWhileStorageIsAway) {
  takeUpWhileStorageIsAway();
  time_.advance(10min);
  EXPECT_THAT(waiting(), HasSubstr("bring that storage back"));
  EXPECT_THAT(gateways_[1]->given_up, IsEmpty());
  runtime::CheckpointMetadata metadata;
  metadata.job = testing::jobId(1);
  metadata.checkpoint = CheckpointId(7);
  metadata.data_directory = checkpoint_;
  ASSERT_TRUE(snapshot::writeMetadata(files_, checkpoint_, metadata));
  time_.advance(31s);
  EXPECT_EQ(state(), "RUNNING");
  EXPECT_THAT(gateways_[1]->adopted, ElementsAre(old_));
  EXPECT_THAT(deployments(), IsEmpty());
}

TEST_F(AdoptionTest, ACancelWhileStorageIsAwayEndsItsWorkersBeforeTheJob) {
  takeUpWhileStorageIsAway();
  EXPECT_TRUE(cancel());
  EXPECT_EQ(state(), "CANCELLING");
  oldWorkerExited(1);
  EXPECT_EQ(state(), "CANCELLING");
  oldWorkerExited(2);
  EXPECT_EQ(state(), "CANCELED");
}

TEST_F(AdoptionTest, ACancelEndsItsWorkersBeforeTheJob) {
  takeUp();
  tell(1);
  EXPECT_TRUE(cancel());
  EXPECT_EQ(state(), "CANCELLING");
  EXPECT_THAT(gateways_[1]->given_up, ElementsAre(old_));
  oldWorkerExited(1);
  EXPECT_EQ(state(), "CANCELLING") << "the other one has not registered yet, and may write";
  tell(2);
  EXPECT_THAT(gateways_[2]->given_up, ElementsAre(old_));
  oldWorkerExited(2);
  EXPECT_EQ(state(), "CANCELED");
  EXPECT_THAT(deployments(), IsEmpty());
}

TEST_F(AdoptionTest, ACancelDoesNotWaitLongForATaskManagerThatDoesNotCome) {
  takeUp();
  tell(1);
  EXPECT_TRUE(cancel());
  oldWorkerExited(1);
  time_.advance(6s);
  EXPECT_EQ(state(), "CANCELED");
}

TEST_F(AdoptionTest, AJobWhoseSourcesWereBeingDrainedRestarts) {
  ha::BegunSavepoint drain;
  drain.id = CheckpointId(3);
  drain.stop = runtime::StopMode::kDrain;
  resumed_->begun = {drain};
  takeUp();
  oldWorkerExited(1);
  oldWorkerExited(2);
  time_.runDue();
  expectRestarted("its sources had been drained");
}

/// What its workers have begun to write is removed by then.
TEST_F(AdoptionTest, ACancelOfAnAttemptThatNobodyGoesOnWithWaitsForItsWorkers) {
  deployed_->storage = "file:/elsewhere";
  takeUp();
  EXPECT_TRUE(cancel());
  oldWorkerExited(1);
  EXPECT_EQ(state(), "CANCELLING");
  told(2);
  oldWorkerExited(2);
  EXPECT_EQ(state(), "CANCELED");
}

TEST_F(AdoptionTest, AJobWhoseCheckpointsGoElsewhereNowRestarts) {
  deployed_->storage = "file:/elsewhere";
  takeUp();
  oldWorkerExited(1);
  oldWorkerExited(2);
  time_.runDue();
  expectRestarted("its checkpoints go to file:/elsewhere");
}

TEST_F(AdoptionTest, AnAdoptedAttemptIsFollowedByOneOfThisLeader) {
  takeUp();
  tell(1);
  tell(2);
  oldWorkerExited(1, false);
  oldWorkerExited(2);
  time_.advance(3s);
  ASSERT_THAT(deployments(), SizeIs(1));
  EXPECT_EQ(deployments()[0].execution.epoch, store_.epoch());
  EXPECT_EQ(deployments()[0].execution.attempt, AttemptId(8));
}

TEST_F(AdoptionTest, WhereAnAttemptRunsIsStoredBeforeItIsDeployed) {
  resumed_.reset();
  deployed_.reset();
  takeUp();
  const auto stored = ha::beginTerm(stored_, 1s)->jobs.at(0).attempt;
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(stored->execution, deployments().at(0).execution);
  EXPECT_EQ(stored->tasks, deployments().at(0).placement);
  EXPECT_EQ(stored->storage, options_.storage.directory);
}

}  // namespace
}  // namespace weir::jobmanager
