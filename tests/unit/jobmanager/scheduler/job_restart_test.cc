// How a job takes failures: who is to blame, whether and when it runs again, and from what.
#include "jobmanager/scheduler/job_master.h"
#include "tests/unit/jobmanager/scheduler/job_fixture.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class JobRestartTest : public testing::JobFixture {};

TEST_F(JobRestartTest, RunsAgainAfterItsPauseInTheNextAttempt) {
  startRunning();
  const runtime::ExecutionId first = execution();
  failWorker();
  EXPECT_EQ(state(), "RESTARTING");
  EXPECT_EQ(waiting(), "to restart in 3.0 s");
  time_.advance(1700ms);
  EXPECT_EQ(waiting(), "to restart in 1.3 s");
  time_.advance(1300ms);
  EXPECT_EQ(execution().attempt, first.attempt.next());
  EXPECT_EQ(job_->summary().restarts, 1U);
  EXPECT_THAT(log_.states,
              ElementsAre("CREATED", "RUNNING", "FAILING", "RESTARTING", "CREATED", "RUNNING"));
}

TEST_F(JobRestartTest, WaitsForTheExitOfAllItsWorkersBeforeItRestarts) {
  startRunning();
  workerExited(1, "killed by signal 11", false);
  EXPECT_EQ(state(), "FAILING");
  time_.advance(20s);
  EXPECT_EQ(state(), "FAILING");
  workerExited(2);
  EXPECT_EQ(state(), "RESTARTING");
}

TEST_F(JobRestartTest, RestoresFromItsLatestCheckpoint) {
  startRunning();
  EXPECT_THAT(deployments().back().restores.tasks, IsEmpty());
  time_.advance(1s);
  acknowledge(1);
  failWorker();
  time_.advance(3s);
  ASSERT_THAT(deployments(), SizeIs(2));
  EXPECT_THAT(deployments().back().restores.tasks, Not(IsEmpty()));
}

TEST_F(JobRestartTest, EndsWhatIsPendingAndRemovesItsFilesWhenItFails) {
  startRunning();
  time_.advance(1s);
  acknowledge(1, 1, 0);
  EXPECT_THAT(files_.files(), Not(IsEmpty()));
  failWorker();
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(JobRestartTest, DropsWhatAnEarlierAttemptReports) {
  startRunning();
  const runtime::ExecutionId first = execution();
  failWorker();
  time_.advance(3s);
  reportRunning();
  runtime::TaskUpdate late;
  late.execution = first;
  late.task = {testing::operatorId(1), 0};
  late.state = runtime::TaskState::kFailed;
  report(placeOf(1, 0), std::vector{late});
  runtime::WorkerExited exited;
  exited.execution = first;
  exited.cause = "killed by signal 9";
  report(1, exited);
  EXPECT_EQ(state(), "RUNNING");
}

TEST_F(JobRestartTest, NamesTaskHostAndCauseOfAFailure) {
  startRunning();
  update(2, 1, runtime::TaskState::kFailed, false, "it divided by zero");
  EXPECT_EQ(state(), "FAILING");
  EXPECT_THAT(job_->summary().failure, HasSubstr("task count (2/2) on host"));
  EXPECT_THAT(job_->summary().failure, HasSubstr("failed: it divided by zero"));
}

TEST_F(JobRestartTest, BlamesTheWorkerThatDiedRatherThanThePeerThatSaidSoFirst) {
  startRunning();
  update(1, 0, runtime::TaskState::kFailed, false, "connection to host2 was lost");
  workerExited(2, "killed by signal 11", false);
  EXPECT_EQ(job_->summary().failure, "worker on host2 ended: killed by signal 11");
  workerExited(1, "exited with status 1", false);  // Only the first.
  EXPECT_EQ(job_->summary().failure, "worker on host2 ended: killed by signal 11");
}

TEST_F(JobRestartTest, KeepsTheLastFailureToShowWhileItRunsAgain) {
  startRunning();
  failWorker();
  time_.advance(3s);
  reportRunning();
  EXPECT_EQ(state(), "RUNNING");
  EXPECT_EQ(job_->summary().failure, "worker on host1 ended: killed by signal 11");
}

TEST_F(JobRestartTest, BlamesAnotherWorkerInTheNextAttempt) {
  startRunning();
  failWorker();
  time_.advance(3s);
  reportRunning();
  update(1, 0, runtime::TaskState::kFailed, false, "a peer was lost");
  workerExited(2, "killed by signal 6", false);
  EXPECT_EQ(job_->summary().failure, "worker on host2 ended: killed by signal 6");
}

TEST_F(JobRestartTest, RestartsWhenATaskManagerIsLost) {
  startRunning();
  resources_.remove(testing::taskManagerId(1), "connection closed");
  EXPECT_EQ(job_->summary().failure, "task manager on host1 was lost: connection closed");
  workerExited(2);
  EXPECT_EQ(state(), "RESTARTING");
}

TEST_F(JobRestartTest, SlotsThatAreMissingAtTheStartEndItAndLaterAreAFailureLikeOthers) {
  start();
  time_.advance(options_.slot_wait);
  EXPECT_EQ(log_.states.back(), "FAILED");
}

TEST_F(JobRestartTest, SlotsThatAreMissingAfterARestartAreAFailureLikeOthers) {
  startRunning();
  resources_.remove(testing::taskManagerId(1), "connection closed");
  workerExited(2);
  time_.advance(3s + options_.slot_wait);
  EXPECT_EQ(state(), "RESTARTING");
  EXPECT_THAT(job_->summary().failure, HasSubstr("not enough slots"));
}

TEST_F(JobRestartTest, AFailureThatNoRestartMendsEndsIt) {
  startRunning();
  runtime::TaskUpdate update;
  update.execution = execution();
  update.task = {testing::operatorId(1), 0};
  update.state = runtime::TaskState::kFailed;
  update.cause = "the snapshot does not fit";
  update.unrecoverable = true;
  report(placeOf(1, 0), std::vector{update});
  workersExited();
  EXPECT_EQ(log_.states.back(), "FAILED");
  EXPECT_THAT(log_.result->cause, HasSubstr("the snapshot does not fit"));
}

TEST_F(JobRestartTest, AWorkerThatSaysSoWhileTheOthersEndEndsItToo) {
  startRunning();
  update(1, 0, runtime::TaskState::kFailed, false, "a peer was lost");
  runtime::WorkerExited exited;
  exited.execution = execution();
  exited.cause = "its program is another one";
  exited.unrecoverable = true;
  report(1, exited);
  workerExited(2);
  EXPECT_EQ(log_.states.back(), "FAILED");
}

TEST_F(JobRestartTest, EndsWhenItsStrategyHasNoMoreRestarts) {
  options_.restart.attempts = 1;
  startRunning();
  failWorker();
  time_.advance(3s);
  failWorker();
  EXPECT_EQ(log_.states.back(), "FAILED");
  EXPECT_EQ(log_.result->cause, "worker on host1 ended: killed by signal 11");
}

TEST_F(JobRestartTest, TheLastCheckpointOfAFailedJobStays) {
  options_.restart.attempts = 0;
  startRunning();
  time_.advance(1s);
  acknowledge(1);
  failWorker();
  EXPECT_EQ(log_.states.back(), "FAILED");
  EXPECT_THAT(files_.files(), ::testing::Contains(HasSubstr("/chk-1/metadata")));
}

TEST_F(JobRestartTest, CancelWhileItPausesEndsItAtOnceAndForGood) {
  startRunning();
  failWorker();
  EXPECT_TRUE(cancel());
  EXPECT_EQ(log_.states.back(), "CANCELED");
  time_.advance(10s);
  EXPECT_THAT(deployments(), SizeIs(1));
}

TEST_F(JobRestartTest, CancelWhileItFailsEndsItOnceItsWorkersHaveEnded) {
  startRunning();
  workerExited(1, "killed by signal 11", false);
  EXPECT_TRUE(cancel());
  EXPECT_EQ(state(), "CANCELLING");
  EXPECT_EQ(ordersOf<runtime::CancelOrder>(), 1U);  // To the one that lives, once.
  workerExited(2);
  EXPECT_EQ(log_.states.back(), "CANCELED");
}

TEST_F(JobRestartTest, IsAbandonedWithoutRestartWithItsReason) {
  startRunning();
  job_->abandon("the job manager is stopping");
  workersExited();
  EXPECT_EQ(log_.states.back(), "FAILED");
  EXPECT_EQ(log_.result->cause, "the job manager is stopping");
}

TEST_F(JobRestartTest, IsAbandonedAlsoWhileItPauses) {
  startRunning();
  failWorker();
  job_->abandon("the job manager is stopping");
  time_.advance(10s);
  EXPECT_EQ(log_.states.back(), "FAILED");
  EXPECT_THAT(deployments(), SizeIs(1));
}

TEST_F(JobRestartTest, IsGivenUpThoughWorkersLive) {
  startRunning();
  job_->abandon("the job manager is stopping");
  job_->giveUp();
  time_.runDue();
  EXPECT_TRUE(log_.ended);
}

}  // namespace
}  // namespace weir::jobmanager
