#include "jobmanager/scheduler/job_master.h"
#include "tests/unit/jobmanager/scheduler/job_fixture.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class JobStopTest : public testing::JobFixture {
 protected:
  void stop(runtime::StopMode mode = runtime::StopMode::kSuspend) { savepoint(false, mode); }
  std::optional<ha::StoppedJob> storedStop() {
    return ha::beginTerm(stored_, 1s)->jobs.at(0).checkpoints.stopped;
  }
};

TEST_F(JobStopTest, FinishesOnceItsSavepointIsStoredAndItsTasksAreTold) {
  startRunning();
  stop();
  EXPECT_EQ(waiting(), "for the savepoint that it stops with");
  time_.advance(10s);
  EXPECT_THAT(triggered(), ElementsAre(1));
  EXPECT_EQ(ordersOf<runtime::FinishOrder>(), 0U);
  acknowledge(1);
  ASSERT_TRUE(savepoint_.has_value());
  ASSERT_TRUE(savepoint_->has_value());
  EXPECT_THAT(notified(), ElementsAre(1));
  EXPECT_EQ(ordersOf<runtime::FinishOrder>(), 2U);
  finishTasks();
  workersExited();
  EXPECT_EQ(log_.states.back(), "FINISHED");
}

TEST_F(JobStopTest, GoesOnWithItsCheckpointsWhenItsSavepointFails) {
  startRunning();
  stop();
  decline(1);
  ASSERT_TRUE(savepoint_.has_value());
  EXPECT_THAT(savepoint_->error().text(), HasSubstr("stop job"));
  EXPECT_EQ(state(), "RUNNING");
  EXPECT_EQ(ordersOf<runtime::FinishOrder>(), 0U);
  time_.advance(1s);
  EXPECT_THAT(triggered(), ElementsAre(1, 2));
}

TEST_F(JobStopTest, RestartsWhenTheSavepointOfADrainFails) {
  startRunning();
  stop(runtime::StopMode::kDrain);
  endInputs();
  EXPECT_THAT(triggered(), ElementsAre(1));
  decline(1);
  workersExited();
  time_.advance(3s);
  ASSERT_THAT(deployments(1), SizeIs(2));
  EXPECT_FALSE(deployments(1)[1].stopped);
}

TEST_F(JobStopTest, IsRefusedWhileItIsStoppingOrFinishing) {
  startRunning();
  stop();
  savepoint_.reset();
  stop();
  ASSERT_TRUE(savepoint_.has_value());
  EXPECT_THAT(savepoint_->error().text(), HasSubstr("stopping already"));
}

TEST_F(JobStopTest, OnlyCommitsWhenAWorkerDiesAfterItsSavepoint) {
  startRunning();
  stop();
  acknowledge(1);
  failWorker();
  time_.advance(3s);
  ASSERT_THAT(deployments(1), SizeIs(2));
  EXPECT_TRUE(deployments(1)[1].stopped);
  reportRunning();
  EXPECT_EQ(ordersOf<runtime::FinishOrder>(), 4U);
  time_.advance(10s);
  EXPECT_THAT(triggered(), ElementsAre(1));
  finishTasks();
  workersExited();
  EXPECT_EQ(log_.states.back(), "FINISHED");
}

TEST_F(JobStopTest, RunsOnWhenAWorkerDiesBeforeItsSavepointIsComplete) {
  startRunning();
  stop();
  failWorker();
  ASSERT_TRUE(savepoint_.has_value());
  EXPECT_FALSE(savepoint_->has_value());
  time_.advance(3s);
  ASSERT_THAT(deployments(1), SizeIs(2));
  EXPECT_FALSE(deployments(1)[1].stopped);
}

TEST_F(JobStopTest, CommitsThoughItsStrategyAllowsNoRestart) {
  options_.restart.kind = config::RestartSettings::Kind::kNone;
  startRunning();
  stop();
  acknowledge(1);
  for (int tries = 1; tries <= 3; ++tries) {
    failWorker();
    time_.advance(1s);
    ASSERT_THAT(deployments(1), SizeIs(1 + tries));
    EXPECT_TRUE(deployments(1).back().stopped);
    reportRunning();
  }
  failWorker("does not commit");
  EXPECT_EQ(log_.states.back(), "FAILED");
}

TEST_F(JobStopTest, EndsWithACancelAndItsClientHearsThatItIsNotStopped) {
  startRunning();
  stop();
  ASSERT_TRUE(cancel());
  ASSERT_TRUE(savepoint_.has_value());
  EXPECT_THAT(savepoint_->error().text(), HasSubstr("was cancelled"));
  workersExited();
  EXPECT_EQ(log_.states.back(), "CANCELED");
}

TEST_F(JobStopTest, IsRefusedOnceItsInputsHaveEnded) {
  startRunning();
  endInputs();
  stop();
  ASSERT_TRUE(savepoint_.has_value());
  EXPECT_THAT(savepoint_->error().text(), HasSubstr("its inputs have ended: it is finishing"));
}

TEST_F(JobStopTest, IsStoredWithItsSavepointForTheNextJobManager) {
  startRunning();
  stop();
  acknowledge(1);
  const std::optional<ha::StoppedJob> stopped = storedStop();
  ASSERT_TRUE(stopped.has_value());
  EXPECT_EQ(stopped->result.path, (*savepoint_)->path);
}

}  // namespace
}  // namespace weir::jobmanager
