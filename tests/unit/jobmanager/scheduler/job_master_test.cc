#include "jobmanager/scheduler/job_master.h"

#include "common/fs/uri.h"
#include "tests/unit/jobmanager/scheduler/job_fixture.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class JobMasterTest : public testing::JobFixture {};

TEST_F(JobMasterTest, DeploysOnceItsSlotsAreThere) {
  start();
  EXPECT_EQ(state(), "CREATED");
  EXPECT_THAT(waiting(), HasSubstr("for slots: "));
  addTaskManagers();
  EXPECT_EQ(state(), "RUNNING");
  EXPECT_THAT(deployments(1), SizeIs(1));
  EXPECT_THAT(deployments(2), SizeIs(1));
  EXPECT_EQ(waiting(), "for 4 of 4 tasks to start");
  reportRunning();
  EXPECT_EQ(waiting(), "");
}

TEST_F(JobMasterTest, TellsWorkersThatItKeepsDescriptionsOfState) {
  start();
  addTaskManagers();
  EXPECT_TRUE(deployments(1).at(0).storage.keeps_descriptions);
}

TEST_F(JobMasterTest, BeginsCheckpointsOnceAllTasksRun) {
  addTaskManagers();
  start();
  time_.advance(5s);
  EXPECT_THAT(triggered(), IsEmpty());
  reportRunning();
  time_.advance(1s);
  EXPECT_THAT(triggered(), ElementsAre(1));
}

TEST_F(JobMasterTest, StoresWhereItsCheckpointsLieBeforeItNotifiesTheTasks) {
  options_.retained_checkpoints = 2;
  startRunning();
  for (std::uint64_t id = 1; id <= 3; ++id) {
    time_.advance(1s);
    acknowledge(id);
  }
  const auto pointers = ha::beginTerm(stored_, 1s)->jobs.at(0).checkpoints.retained;
  ASSERT_THAT(pointers, SizeIs(2));
  EXPECT_EQ(pointers[0].id, CheckpointId(2));
  EXPECT_EQ(pointers[1].id, CheckpointId(3));
  EXPECT_EQ(pointers[1].path, options_.storage.directory + "/chk-3");
  EXPECT_THAT(notified(), ElementsAre(1, 2, 3));
}

TEST_F(JobMasterTest, FinishesAfterAFinalCheckpointWhenAllInputsHaveEnded) {
  startRunning();
  endInputs();
  EXPECT_EQ(waiting(), "for its last checkpoint before it finishes");
  EXPECT_EQ(ordersOf<runtime::FinishOrder>(), 0U);
  acknowledge(1);
  EXPECT_THAT(notified(), ElementsAre(1));
  EXPECT_EQ(ordersOf<runtime::FinishOrder>(), 2U);
  finishTasks();
  EXPECT_FALSE(log_.ended);
  workersExited();
  EXPECT_TRUE(log_.ended);
  EXPECT_THAT(log_.states, ElementsAre("CREATED", "RUNNING", "FINISHED"));
  EXPECT_EQ(log_.result->state, runtime::JobState::kFinished);
}

TEST_F(JobMasterTest, OneGraphIsSharedByRequestStoreAndAllDeploymentsOfAllAttempts) {
  startRunning();
  failWorker();
  time_.advance(std::chrono::seconds(3));
  const graph::JobGraph* own = &*request_.graph;
  for (std::uint8_t number = 1; number <= kTaskManagers; ++number) {
    ASSERT_EQ(deployments(number).size(), 2U);
    for (const runtime::Deployment& one : deployments(number)) {
      EXPECT_EQ(&*one.graph, own);
    }
  }
  const ha::Term next = *ha::beginTerm(stored_, std::chrono::seconds(1));
  EXPECT_EQ(&*next.jobs.at(0).request.graph, own);
}

TEST_F(JobMasterTest, FinishesWithoutAFinalCheckpointWhenItTakesNone) {
  request_.graph.change([](graph::JobGraph& graph) { graph.checkpoints.enabled = false; });
  startRunning();
  endInputs();
  EXPECT_EQ(ordersOf<runtime::FinishOrder>(), 2U);
  finishTasks();
  workersExited();
  EXPECT_EQ(log_.states.back(), "FINISHED");
}

TEST_F(JobMasterTest, TakesItsFinalCheckpointAlsoWhenInputsEndBeforeAllTasksRun) {
  addTaskManagers();
  start();
  update(1, 0, runtime::TaskState::kRunning, true);
  update(1, 1, runtime::TaskState::kRunning, true);
  update(2, 0, runtime::TaskState::kRunning, true);
  EXPECT_THAT(triggered(), IsEmpty());
  update(2, 1, runtime::TaskState::kRunning, true);
  EXPECT_THAT(triggered(), ElementsAre(1));
}

TEST_F(JobMasterTest, IsFinishedThoughAWorkerIsNotReaped) {
  startRunning();
  endInputs();
  acknowledge(1);
  finishTasks();
  time_.advance(4s);
  EXPECT_FALSE(log_.ended);
  time_.advance(1s);
  EXPECT_EQ(log_.states.back(), "FINISHED");
  EXPECT_TRUE(log_.ended);
}

TEST_F(JobMasterTest, TakesAFinalCheckpointThatFailedAgainOneIntervalLater) {
  startRunning();
  endInputs();
  decline(1);
  EXPECT_EQ(waiting(), "for its last checkpoint before it finishes");
  time_.advance(999ms);
  EXPECT_THAT(triggered(), ElementsAre(1));
  time_.advance(1ms);
  EXPECT_THAT(triggered(), ElementsAre(1, 2));
  acknowledge(2);
  EXPECT_EQ(ordersOf<runtime::FinishOrder>(), 2U);
}

TEST_F(JobMasterTest, RestartsWhenItsFinalCheckpointFailedThreeTimes) {
  startRunning();
  endInputs();
  for (std::uint64_t id = 1; id <= 3; ++id) {
    decline(id);
    time_.advance(1s);
  }
  EXPECT_EQ(state(), "FAILING");
  EXPECT_THAT(job_->summary().failure, HasSubstr("final checkpoint"));
  workersExited();
  EXPECT_EQ(state(), "RESTARTING");
}

TEST_F(JobMasterTest, WaitsForSavepointsBeforeItFinishes) {
  startRunning();
  savepoint();
  endInputs();
  acknowledge(2);  // The final one.
  EXPECT_EQ(ordersOf<runtime::FinishOrder>(), 0U);
  acknowledge(1);
  EXPECT_TRUE(savepoint_.has_value() && savepoint_->has_value());
  EXPECT_EQ(ordersOf<runtime::FinishOrder>(), 2U);
}

TEST_F(JobMasterTest, RefusesSavepointsOfAJobThatDoesNotCheckpoint) {
  request_.graph.change([](graph::JobGraph& graph) { graph.checkpoints.enabled = false; });
  startRunning();
  savepoint();
  ASSERT_TRUE(savepoint_ && !savepoint_->has_value());
  EXPECT_THAT(savepoint_->error().text(), HasSubstr("checkpointing is disabled"));
}

TEST_F(JobMasterTest, RefusesASavepointBeforeAllItsTasksRunNamingItsState) {
  addTaskManagers();
  start();
  savepoint();
  ASSERT_TRUE(savepoint_ && !savepoint_->has_value());
  EXPECT_THAT(savepoint_->error().text(), HasSubstr("the job is RUNNING"));
}

TEST_F(JobMasterTest, CancelsAfterASavepointThatWasToCancelIt) {
  startRunning();
  savepoint(true);
  EXPECT_EQ(state(), "RUNNING");
  acknowledge(1);
  EXPECT_TRUE(savepoint_.has_value() && savepoint_->has_value());
  EXPECT_EQ(state(), "CANCELLING");
}

TEST_F(JobMasterTest, GoesOnWhenASavepointThatWasToCancelItFails) {
  startRunning();
  savepoint(true);
  decline(1);
  EXPECT_TRUE(savepoint_.has_value() && !savepoint_->has_value());
  EXPECT_EQ(state(), "RUNNING");
}

TEST_F(JobMasterTest, MarksASavepointOfItsOwnUntilANewerCheckpointCompletes) {
  startRunning();
  savepoint();
  acknowledge(1);
  const std::string mark =
      *fs::localPath((*savepoint_)->path) + "/in-use-" + testing::jobId(1).hex();
  EXPECT_THAT(files_.files(), ::testing::Contains(mark));
  time_.advance(1s);
  acknowledge(2);
  EXPECT_THAT(files_.files(), ::testing::Not(::testing::Contains(mark)));
}

TEST_F(JobMasterTest, CancelEndsOnceItsWorkersHaveEnded) {
  startRunning();
  EXPECT_TRUE(cancel());
  EXPECT_EQ(ordersOf<runtime::CancelOrder>(), 2U);
  EXPECT_EQ(waiting(), "for its workers to end: host1, host2");
  workerExited(1);
  EXPECT_EQ(waiting(), "for its workers to end: host2");
  EXPECT_FALSE(log_.ended);
  workerExited(2);
  EXPECT_THAT(log_.states, ElementsAre("CREATED", "RUNNING", "CANCELLING", "CANCELED"));
  EXPECT_TRUE(log_.ended);
}

TEST_F(JobMasterTest, CancelEndsAtOnceWhileItWaitsForSlotsAndLeavesThem) {
  start();
  EXPECT_TRUE(cancel());
  EXPECT_EQ(log_.states.back(), "CANCELED");
  addTaskManagers();
  EXPECT_THAT(deployments(), IsEmpty());
  EXPECT_FALSE(cancel());
}

TEST_F(JobMasterTest, ASecondCancelIsAnsweredAndChangesNothing) {
  startRunning();
  EXPECT_TRUE(cancel());
  EXPECT_TRUE(cancel());
  EXPECT_EQ(ordersOf<runtime::CancelOrder>(), 2U);
}

TEST_F(JobMasterTest, GivesUpAWorkerThatDoesNotEndAfterABoundedWait) {
  options_.cancel_wait = 40s;
  startRunning();
  EXPECT_TRUE(cancel());
  workerExited(1);
  time_.advance(39s);
  EXPECT_FALSE(log_.ended);
  time_.advance(1s);
  EXPECT_EQ(log_.states.back(), "CANCELED");
}

TEST_F(JobMasterTest, ProbesItsDirectoriesOnceForEachTaskManager) {
  options_.probe_directories = {"/c"};
  addTaskManagers();
  start();
  EXPECT_EQ(state(), "CREATED");
  EXPECT_EQ(waiting(), "for its task managers to try the directories of snapshots");
  EXPECT_EQ(ordersOf<runtime::ProbeOrder>(), 2U);
  for (std::uint8_t number = 1; number <= 2; ++number) {
    const auto order = gateways_[number]->all<runtime::ProbeOrder>().at(0);
    ASSERT_TRUE(
        fs::writeAll(files_, order.directory + "/" + order.write_file, order.write_content));
    report(number, runtime::ProbeResult{order.id, ""});
  }
  EXPECT_EQ(state(), "RUNNING");
  failWorker();
  time_.advance(3s);
  EXPECT_THAT(deployments(), SizeIs(2));
  EXPECT_EQ(ordersOf<runtime::ProbeOrder>(), 2U);
}

TEST_F(JobMasterTest, ADirectoryThatIsNotSharedEndsAJobThatHasNotRunYet) {
  options_.probe_directories = {"/c"};
  addTaskManagers();
  start();
  for (std::uint8_t number = 1; number <= 2; ++number) {
    const auto order = gateways_[number]->all<runtime::ProbeOrder>().at(0);
    report(number, runtime::ProbeResult{order.id, "it cannot read /c"});
  }
  EXPECT_EQ(log_.states.back(), "FAILED");
  EXPECT_THAT(log_.result->cause, HasSubstr("/c"));
  EXPECT_THAT(resources_.views().at(0).free_slots, 1U);
}

}  // namespace
}  // namespace weir::jobmanager
