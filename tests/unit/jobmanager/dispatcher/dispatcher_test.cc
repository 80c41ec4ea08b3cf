#include "jobmanager/dispatcher/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/jobmanager/dispatcher/dispatcher_fixture.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DispatcherTest : public testing::DispatcherFixture {};

TEST_F(DispatcherTest, DeploysASubmittedJob) {
  registerTaskManager();
  ASSERT_TRUE(submit());
  ASSERT_THAT(gateway_->orders, SizeIs(1));
  EXPECT_TRUE(std::holds_alternative<runtime::Deployment>(gateway_->orders[0]));
  EXPECT_EQ(state(), runtime::JobState::kRunning);
}

TEST_F(DispatcherTest, RefusesAJobOfTooManySubtasksAndKeepsNothingOfIt) {
  runtime::SubmitRequest request;
  request.job = job_;
  graph::JobGraph graph = testing::twoVertices(32768);
  testing::addVertex(graph, "more", 1);
  request.graph = std::move(graph);
  const auto reply =
      ask<runtime::SubmitReply>([&](auto done) { dispatcher_->submit(request, done); });
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().text(), HasSubstr("65537 subtasks"));
  EXPECT_TRUE(dispatcher_->view()->running.empty());
  EXPECT_TRUE(dispatcher_->view()->finished.empty());
}

TEST_F(DispatcherTest, AnswersARepeatedSubmissionWithoutDeployingAgain) {
  registerTaskManager();
  ASSERT_TRUE(submit());
  EXPECT_TRUE(submit());
  EXPECT_THAT(gateway_->orders, SizeIs(1));
}

TEST_F(DispatcherTest, FailsAJobWhoseSlotsAreNotThereInTime) {
  ASSERT_TRUE(submit());
  time_.advance(20s);
  EXPECT_EQ(state(), runtime::JobState::kFailed);
  EXPECT_THAT(dispatcher_->view()->finished.at(0).failure, HasSubstr("not enough slots"));
}

TEST_F(DispatcherTest, ListsWhatAJobWithoutSlotsWaitsFor) {
  ASSERT_TRUE(submit());
  EXPECT_EQ(state(), runtime::JobState::kCreated);
  EXPECT_THAT(summary().waiting, HasSubstr("no task manager is registered"));
  registerTaskManager();
  time_.advance(1s);
  EXPECT_EQ(state(), runtime::JobState::kRunning);
  EXPECT_THAT(summary().waiting, HasSubstr("tasks to start"));
}

TEST_F(DispatcherTest, ListsWhyAJobThatEndedHasFailed) {
  ASSERT_TRUE(submit());
  time_.advance(20s);
  EXPECT_THAT(summary().failure, HasSubstr("not enough slots"));
  EXPECT_THAT(summary().waiting, "");
}

TEST_F(DispatcherTest, ANamedSavepointThatIsNoneFailsTheJobWithoutRestart) {
  registerTaskManager();
  auto reply = submit("/nowhere");
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().text(), HasSubstr("/nowhere"));
  EXPECT_EQ(state(), runtime::JobState::kFailed);
}

TEST_F(DispatcherTest, RefusedRestoresDoNotPushJobsThatRanOutOfTheList) {
  ASSERT_TRUE(submit());
  EXPECT_TRUE(cancel());
  for (std::uint8_t number = 10; number < 120; ++number) {
    job_ = testing::jobId(number);
    EXPECT_FALSE(submit("/nowhere"));
  }
  const auto jobs =
      ask<std::vector<runtime::JobSummary>>([&](auto done) { dispatcher_->list(done); });
  ASSERT_THAT(*jobs, SizeIs(6));
  EXPECT_EQ(jobs->at(0).id, testing::jobId(5));
  EXPECT_EQ(jobs->at(0).state, runtime::JobState::kCanceled);
}

TEST_F(DispatcherTest, KeepsABoundedAmountOfWhatFailuresSayBeginningWithTheirFirstWords) {
  registerTaskManager();
  ASSERT_TRUE(submit());
  for (int failure = 0; failure < 400; ++failure) {
    runtime::TaskUpdate update;
    update.execution = std::get<runtime::Deployment>(gateway_->orders.at(0)).execution;
    update.task = {testing::operatorId(1), 0};
    update.state = runtime::TaskState::kFailed;
    update.cause = "first words " + std::string(1 << 20, 'x');
    gateway_->orders.clear();
    runtime::WorkerExited exited;
    exited.execution = update.execution;
    exited.expected = true;
    dispatcher_->report(testing::taskManagerId(1), gateway_.get(), std::vector{update});
    dispatcher_->report(testing::taskManagerId(1), gateway_.get(), exited);
    dispatcher_->report(testing::taskManagerId(1), gateway_.get(), runtime::Heartbeat{1, 0, {}});
    time_.advance(5s);
    dispatcher_->report(testing::taskManagerId(1), gateway_.get(), runtime::Heartbeat{1, 0, {}});
    time_.advance(6s);
    std::erase_if(gateway_->orders, [](const runtime::TaskManagerOrder& order) {
      return !std::holds_alternative<runtime::Deployment>(order);
    });
    ASSERT_THAT(gateway_->orders, SizeIs(1)) << failure;
  }
  std::size_t bytes = 0;
  dispatcher_->follow(
      job_,
      [&](const runtime::JobEvent& event) {
        if (const auto* job = std::get_if<runtime::JobStateChange>(&event)) {
          bytes += job->cause.size();
        } else if (const auto* task = std::get_if<runtime::TaskStateChange>(&event)) {
          bytes += task->cause.size();
        }
        return true;
      },
      [](const Status&) {});
  time_.runDue();
  EXPECT_GT(bytes, 256U << 10);
  EXPECT_LT(bytes, 1U << 20);
  const std::string failure = dispatcher_->view()->running.at(0).failure;
  EXPECT_THAT(failure, HasSubstr("first words xxx"));
  EXPECT_LE(failure.size(), 48U << 10);
}

TEST_F(DispatcherTest, DropsReportsOfTasksThatDoNotRunOnTheirSender) {
  registerTaskManager();
  ASSERT_TRUE(submit());
  const auto other = std::make_shared<testing::RecordingGateway>();
  runtime::Registration registration;
  registration.id = testing::taskManagerId(2);
  registration.host = "other";
  dispatcher_->registerTaskManager(registration, {}, other, [](const Status&) {});
  time_.runDue();
  runtime::TaskUpdate update;
  update.execution = std::get<runtime::Deployment>(gateway_->orders[0]).execution;
  update.task = {testing::operatorId(1), 0};
  update.state = runtime::TaskState::kFailed;
  dispatcher_->report(testing::taskManagerId(2), other.get(), std::vector{update});
  update.task = {testing::operatorId(77), 5};  // Nor do those that are not there.
  dispatcher_->report(testing::taskManagerId(1), gateway_.get(), std::vector{update});
  time_.runDue();
  EXPECT_EQ(state(), runtime::JobState::kRunning);
}

TEST_F(DispatcherTest, CancelOfAnEndedJobNamesItsState) {
  ASSERT_TRUE(submit());
  EXPECT_TRUE(cancel());
  auto again = cancel();
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().text(), HasSubstr("CANCELED"));
}

TEST_F(DispatcherTest, SavepointsNeedAJobWhoseTasksRun) {
  auto unknown = savepoint();
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().text(), HasSubstr("Unknown job"));
  ASSERT_TRUE(submit());
  auto early = savepoint();
  ASSERT_FALSE(early);
  EXPECT_THAT(early.error().text(), HasSubstr("not all running"));
}

TEST_F(DispatcherTest, AFailedWorkerIsReplacedByANewAttempt) {
  registerTaskManager();
  ASSERT_TRUE(submit());
  const auto first = std::get<runtime::Deployment>(gateway_->orders[0]).execution;
  runtime::WorkerExited exited;
  exited.execution = first;
  exited.cause = "killed by signal 11";
  dispatcher_->report(testing::taskManagerId(1), gateway_.get(), exited);
  time_.advance(1s);
  const auto* second = std::get_if<runtime::Deployment>(&gateway_->orders.back());
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->execution.attempt, first.attempt.next());
}

TEST_F(DispatcherTest, ACancelThatHadToKillIsToldWithItsCause) {
  registerTaskManager();
  ASSERT_TRUE(submit());
  const auto execution = std::get<runtime::Deployment>(gateway_->orders[0]).execution;
  ASSERT_TRUE(cancel());
  runtime::WorkerExited exited;
  exited.execution = execution;
  exited.expected = true;
  exited.cause = "it did not obey the cancel and was killed;\n  task 'map' hangs here";
  dispatcher_->report(testing::taskManagerId(1), gateway_.get(), exited);
  time_.runDue();
  EXPECT_EQ(state(), runtime::JobState::kCanceled);
  EXPECT_THAT(summary().failure, HasSubstr("task 'map' hangs here"));
}

TEST_F(DispatcherTest, ACancelThatWasObeyedHasNoFailure) {
  registerTaskManager();
  ASSERT_TRUE(submit());
  const auto execution = std::get<runtime::Deployment>(gateway_->orders[0]).execution;
  ASSERT_TRUE(cancel());
  runtime::WorkerExited exited;
  exited.execution = execution;
  exited.expected = true;
  dispatcher_->report(testing::taskManagerId(1), gateway_.get(), exited);
  time_.runDue();
  EXPECT_EQ(state(), runtime::JobState::kCanceled);
  EXPECT_EQ(summary().failure, "");
}

TEST_F(DispatcherTest, StopAnswersAlsoWhenWorkersDoNot) {
  registerTaskManager();
  ASSERT_TRUE(submit());
  bool stopped = false;
  dispatcher_->stop([&] { stopped = true; });
  time_.advance(15s);
  EXPECT_TRUE(stopped);
}

}  // namespace
}  // namespace weir::jobmanager
