#include "jobmanager/dispatcher/dispatcher.h"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"
#include "common/fs/memory_file_system.h"
#include "common/runtime/leader_change.h"
#include "common/snapshot/metadata_file.h"
#include "jobmanager/ha/memory_job_store.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RecordingGateway final : public TaskManagerGateway {
 public:
  void send(runtime::TaskManagerOrder order) override { orders.push_back(std::move(order)); }
  void close(const std::string& /*reason*/) override { closed = true; }
  std::vector<runtime::TaskManagerOrder> orders;
  bool closed = false;
};

/// A store that may take its time to answer, or refuse.
class HeldStore final : public ha::JobStore {
 public:
  using Done = ha::Answer<std::monostate>;
  void beginTerm(ha::Answer<ha::Term> done) override { memory.beginTerm(std::move(done)); }
  void write(LeaderEpoch epoch, ha::Change change, Done done) override {
    if (refusal && std::holds_alternative<ha::PutJob>(change)) {
      done(*refusal);
      return;
    }
    const bool at_once = std::holds_alternative<ha::DeployedAttempt>(change);
    memory.write(epoch, std::move(change), at_once ? std::move(done) : hold(std::move(done)));
  }
  void release() {
    holds = false;
    for (const std::function<void()>& answer : std::exchange(held_, {})) {
      answer();
    }
  }
  /// Another leader takes over.
  ha::Term takeOver() { return *ha::beginTerm(memory, 1s); }

  ha::MemoryJobStore memory;
  bool holds = false;
  std::optional<Error> refusal;

 private:
  Done hold(Done done) {
    return [this, done = std::move(done)](const Status& status) {
      if (holds) {
        held_.emplace_back([done, status] { done(status); });
      } else {
        done(status);
      }
    };
  }
  std::vector<std::function<void()>> held_;
};

class DispatcherTest : public ::testing::Test {
 protected:
  DispatcherTest() { open({}); }
  void open(DispatcherOptions options) {
    dispatcher_.reset();
    dispatcher_ = *Dispatcher::open(
        {.strand = strand_,
         .io = io_,
         .clock = time_,
         .random = random_,
         .files = files_,
         .blobs = blobs_,
         .store = store_,
         .stepped_down = [this](const Error& why) { stepped_down_.push_back(why.text()); }},
        std::move(options));
  }
  void registerTaskManager() {
    runtime::Registration registration;
    registration.id = testing::taskManagerId(1);
    registration.host = "host";
    registration.slots = 4;
    dispatcher_->registerTaskManager(registration, {}, gateway_, [](const Status&) {});
    time_.runDue();
  }
  Result<runtime::SubmitReply> submit(const std::string& savepoint = {}) {
    runtime::SubmitRequest request;
    request.job = job_;
    request.graph = testing::twoVertices(1);
    if (!savepoint.empty()) {
      request.restore.emplace();
      request.restore->path = savepoint;
    }
    return ask<runtime::SubmitReply>([&](auto done) { dispatcher_->submit(request, done); });
  }
  template <typename T, typename Call>
  Result<T> ask(Call call) {
    // Shared with the callback, which may come later than we wait.
    const auto answer = std::make_shared<Result<T>>(Error(ErrorCode::kInternal, "no answer"));
    call(Callback<T>([answer](Result<T> result) { *answer = std::move(result); }));
    time_.advance(1s);
    return std::move(*answer);
  }
  Result<runtime::SavepointResult> savepoint() {
    runtime::SavepointRequest request;
    request.operation = OperationId::random(random_);
    request.job = job_;
    return ask<runtime::SavepointResult>([&](auto done) {
      dispatcher_->savepoint(request, [](const runtime::SavepointProgress&) {}, done);
    });
  }
  Status cancel() {
    return ask<std::monostate>([&](auto done) { dispatcher_->cancel(job_, done); });
  }
  runtime::JobSummary summary() {
    const auto jobs =
        ask<std::vector<runtime::JobSummary>>([&](auto done) { dispatcher_->list(done); });
    return jobs->at(0);
  }
  runtime::JobState state() { return summary().state; }

  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor strand_{time_};
  concurrency::SimulatedExecutor io_{time_};
  fs::MemoryFileSystem files_;
  SeededRandom random_{1};
  blob::BlobStore blobs_{files_, "/blobs", time_, random_};
  HeldStore store_;
  std::vector<std::string> stepped_down_;
  std::shared_ptr<RecordingGateway> gateway_ = std::make_shared<RecordingGateway>();
  std::unique_ptr<Dispatcher> dispatcher_;
  JobId job_ = testing::jobId(5);
};

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
  const auto other = std::make_shared<RecordingGateway>();
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

TEST_F(DispatcherTest, RunsNoJobBeforeItIsStored) {
  registerTaskManager();
  store_.holds = true;
  EXPECT_FALSE(submit());  // No answer yet.
  EXPECT_THAT(gateway_->orders, SizeIs(0));
  store_.release();
  EXPECT_TRUE(submit());
  EXPECT_THAT(gateway_->orders, SizeIs(1));
  EXPECT_THAT(store_.takeOver().jobs, SizeIs(1));
}

TEST_F(DispatcherTest, RefusesAJobThatCannotBeStoredAndTakesItWhenItIsSubmittedAgain) {
  registerTaskManager();
  store_.refusal = Error(ErrorCode::kUnavailable, "the journal is full");
  const auto reply = submit();
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().text(), HasSubstr("the journal is full"));
  store_.refusal.reset();
  EXPECT_TRUE(submit());
}

TEST_F(DispatcherTest, StopWaitsForAJobThatIsBeingStoredAndRefusesIt) {
  store_.holds = true;
  std::vector<std::string> replies;
  runtime::SubmitRequest request;
  request.job = job_;
  request.graph = testing::twoVertices(1);
  dispatcher_->submit(request, [&](const Result<runtime::SubmitReply>& reply) {
    replies.push_back(reply ? "taken" : reply.error().text());
  });
  bool stopped = false;
  dispatcher_->stop([&] { stopped = true; });
  time_.advance(1s);
  EXPECT_FALSE(stopped);
  store_.release();
  time_.advance(1s);
  EXPECT_TRUE(stopped);
  EXPECT_THAT(replies, ::testing::ElementsAre("the job manager is stopping"));
  EXPECT_THAT(store_.takeOver().jobs, SizeIs(0));
}

TEST_F(DispatcherTest, GivesTheAnswerOfASavepointOnceItIsStored) {
  store_.holds = true;
  auto early = savepoint();
  EXPECT_THAT(early.error().text(), HasSubstr("no answer"));
  store_.release();
  time_.runDue();
  const ha::Term next = store_.takeOver();
  ASSERT_THAT(next.savepoints, SizeIs(1));
  EXPECT_THAT(next.savepoints[0].result.error().text(), HasSubstr("Unknown job"));
}

TEST_F(DispatcherTest, StepsDownWhenANewerLeaderTookOverAndLeavesItsJobsAlone) {
  registerTaskManager();
  ASSERT_TRUE(submit());
  ASSERT_TRUE(fs::writeAll(files_, "/c/of the job", "x"));
  store_.takeOver();
  job_ = testing::jobId(6);
  const auto second = submit();  // The first write of the new term.
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text(), HasSubstr("this job manager does not lead any more"));
  ASSERT_THAT(stepped_down_, SizeIs(1));
  EXPECT_THAT(stepped_down_[0], HasSubstr("leader of epoch 1 writes after that of epoch 2"));
  for (const runtime::TaskManagerOrder& order : gateway_->orders) {
    EXPECT_FALSE(std::holds_alternative<runtime::CancelOrder>(order));
  }
  EXPECT_TRUE(gateway_->closed);
  EXPECT_THAT(files_.files(), SizeIs(1));
  EXPECT_THAT(store_.takeOver().jobs, SizeIs(1));
  EXPECT_TRUE(dispatcher_->view()->running.empty());
  EXPECT_FALSE(submit());
  bool stopped = false;
  dispatcher_->stop([&] { stopped = true; });
  time_.runDue();
  EXPECT_TRUE(stopped);
}

TEST_F(DispatcherTest, StepsDownOnceAlsoWhileItStops) {
  registerTaskManager();
  ASSERT_TRUE(submit());
  bool stopped = false;
  dispatcher_->stop([&] { stopped = true; });
  time_.runDue();
  EXPECT_FALSE(stopped);
  store_.takeOver();
  EXPECT_FALSE(savepoint());
  time_.runDue();
  EXPECT_TRUE(stopped);
  time_.advance(30s);
  EXPECT_THAT(stepped_down_, SizeIs(1));
}

TEST_F(DispatcherTest, StopLeavesJobsToTheNextOneWhereTheStoreKeepsThem) {
  DispatcherOptions options;
  options.keeps_jobs = true;
  open(options);
  registerTaskManager();
  ASSERT_TRUE(submit());
  store_.holds = true;
  std::optional<Result<runtime::SavepointResult>> waiting;
  runtime::SavepointRequest request;
  request.operation = OperationId::random(random_);
  request.job = job_;
  dispatcher_->savepoint(request, [](const auto&) {}, [&](auto result) { waiting = result; });
  bool stopped = false;
  dispatcher_->stop([&] { stopped = true; });
  time_.runDue();
  EXPECT_TRUE(stopped);
  store_.release();
  time_.advance(1s);
  ASSERT_EQ(store_.takeOver().jobs.size(), 1U);
  EXPECT_THAT(stepped_down_, IsEmpty());
  // Whoever asks is sent to the next one, and hears of no job that is gone.
  ASSERT_TRUE(waiting && !*waiting);
  const auto listed =
      ask<std::vector<runtime::JobSummary>>([&](auto done) { dispatcher_->list(done); });
  for (const Error& why :
       {submit().error(), cancel().error(), savepoint().error(), listed.error()}) {
    EXPECT_TRUE(runtime::isLeaderChange(why)) << why.text();
  }
}

TEST_F(DispatcherTest, TakesUpTheJobsOfTheOneBeforeItWithLaterAttempts) {
  registerTaskManager();
  ASSERT_TRUE(submit());
  const auto first = std::get<runtime::Deployment>(gateway_->orders.at(0)).execution;
  open({});
  gateway_ = std::make_shared<RecordingGateway>();
  registerTaskManager();
  time_.advance(1s);
  ASSERT_FALSE(gateway_->orders.empty());
  const auto second = std::get<runtime::Deployment>(gateway_->orders.at(0)).execution;
  EXPECT_EQ(second.job, first.job);
  EXPECT_GT(second.epoch, first.epoch);
  EXPECT_GT(second.attempt, first.attempt);
}

TEST_F(DispatcherTest, AnswersAClientWhoseSavepointTheOneBeforeItHadBegunAlsoWhenItAsksAgain) {
  ASSERT_TRUE(submit());
  runtime::SavepointRequest request;
  request.operation = OperationId::random(random_);
  request.job = job_;
  ha::JobCheckpoints stored;
  ha::BegunSavepoint& begun = stored.begun.emplace_back();
  begun.id = CheckpointId(1);
  begun.operation = request.operation;
  begun.path = "file:/s/savepoint-0123456789ab";
  store_.memory.write(
      store_.takeOver().epoch, ha::PutCheckpoints{job_, stored}, [](const Status&) {});
  for (int leaders = 0; leaders < 2; ++leaders) {
    open({});
    const auto answer = ask<runtime::SavepointResult>([&](auto done) {
      dispatcher_->savepoint(request, [](const runtime::SavepointProgress&) {}, done);
    });
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().text(), HasSubstr("was not complete when the job manager of job"));
  }
}

TEST_F(DispatcherTest, AnUpgradeGoesOnFromTheSavepointOfItsStopThatTheOneBeforeItHadBegun) {
  DispatcherOptions options;
  ASSERT_TRUE(options.configuration.set("state.backend", "filesystem", "test"));
  ASSERT_TRUE(options.configuration.set("state.backend.fs.checkpointdir", "file:/c", "test"));
  open(options);
  ASSERT_TRUE(submit());
  ha::StoredUpgrade upgrade;
  upgrade.request.operation = OperationId::random(random_);
  upgrade.request.job = job_;
  upgrade.request.next.job = testing::jobId(6);
  upgrade.request.next.graph = testing::twoVertices(1);
  upgrade.back.graph = testing::twoVertices(1);
  ha::JobCheckpoints stored;
  ha::BegunSavepoint& begun = stored.begun.emplace_back();
  begun.id = CheckpointId(1);
  begun.operation = upgrade.request.operation;
  begun.path = "file:/s/savepoint-0123456789ab";
  begun.stop = runtime::StopMode::kSuspend;
  runtime::CheckpointMetadata whole;
  whole.job = job_;
  whole.checkpoint = begun.id;
  whole.savepoint = true;
  whole.data_directory = "file:/c/" + job_.hex() + "/chk-1";
  ASSERT_TRUE(snapshot::writeMetadata(files_, whole.data_directory, whole));
  ASSERT_TRUE(snapshot::writeMetadata(files_, begun.path, whole));
  const LeaderEpoch epoch = store_.takeOver().epoch;
  store_.memory.write(epoch, ha::PutUpgrade{upgrade}, [](const Status&) {});
  store_.memory.write(epoch, ha::PutCheckpoints{job_, stored}, [](const Status&) {});
  open(options);
  time_.advance(1s);
  const ha::Term term = store_.takeOver();
  EXPECT_EQ(term.upgrades.at(0).progress.step, ha::UpgradeStep::kStopped);
  EXPECT_EQ(term.upgrades.at(0).progress.reply.savepoint, begun.path);
  EXPECT_TRUE(term.jobs.at(0).checkpoints.stopped.has_value());
}

TEST_F(DispatcherTest, SaysThatAJobIsCancelledOnlyOnceTheNextLeaderWouldNotGoOnWithIt) {
  open({});
  ASSERT_TRUE(submit());
  store_.holds = true;
  Status cancelled = Error(ErrorCode::kInternal, "not answered");
  dispatcher_->cancel(job_, [&](const Status& answer) { cancelled = answer; });
  time_.advance(1s);
  EXPECT_FALSE(cancelled);
  store_.release();
  time_.advance(1s);
  EXPECT_TRUE(cancelled);
}

TEST_F(DispatcherTest, AJobWhoseClientWasToldThatItIsCancelledDoesNotGoOn) {
  DispatcherOptions options;
  options.keeps_jobs = true;
  open(options);
  ASSERT_TRUE(submit());
  store_.memory.write(store_.takeOver().epoch, ha::CancelJob{job_}, [](const Status&) {});
  open(options);
  time_.advance(10s);
  EXPECT_THAT(store_.takeOver().jobs, IsEmpty());
}

TEST_F(DispatcherTest, GoesOnWithADisposalOfTheLeaderBeforeAndAnswersItsClient) {
  open({});
  runtime::CheckpointMetadata whole;
  whole.job = job_;
  whole.checkpoint = CheckpointId(1);
  whole.savepoint = true;
  const std::string path = "file:/elsewhere/savepoint-0123456789ab";
  whole.data_directory = path;
  ASSERT_TRUE(snapshot::writeMetadata(files_, path, whole));
  ha::StoredDisposal disposal;
  disposal.request.operation = OperationId::random(random_);
  disposal.request.path = path;
  store_.memory.write(store_.takeOver().epoch, disposal, [](const Status&) {});
  for (int leaders = 0; leaders < 2; ++leaders) {  // The second one has stored the answer.
    open({});
    const auto answer = ask<runtime::DisposeReply>(
        [&](auto done) { dispatcher_->dispose(disposal.request, done); });
    EXPECT_TRUE(answer) << answer.error().text();
    EXPECT_FALSE(snapshot::readMetadata(files_, path));
  }
}

TEST_F(DispatcherTest, ADisposalThatHadEndedBeforeItsLeaderDidIsAnswered) {
  ha::StoredDisposal disposal;
  disposal.request.operation = OperationId::random(random_);
  disposal.request.path = "file:/elsewhere/savepoint-0123456789ab";  // Gone.
  store_.memory.write(store_.takeOver().epoch, disposal, [](const Status&) {});
  open({});
  const auto answer =
      ask<runtime::DisposeReply>([&](auto done) { dispatcher_->dispose(disposal.request, done); });
  EXPECT_TRUE(answer) << answer.error().text();
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
