// What a leader stores, leaves behind, and takes up from the one before it.
#include <gmock/gmock.h>

#include "common/runtime/leader_change.h"
#include "common/snapshot/metadata_file.h"
#include "tests/unit/jobmanager/dispatcher/dispatcher_fixture.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DispatcherTakeOverTest : public testing::DispatcherFixture {
 protected:
  /// A job whose checkpoints lie where no file system of this job manager reaches.
  void storeOneThatCannotRun() {
    runtime::SubmitRequest request;
    request.job = job_;
    request.graph = testing::twoVertices(1);
    request.program.configuration = {{"state.backend", "filesystem"},
                                     {"state.backend.fs.checkpointdir", "nosuch://host/c"}};
    store_.memory.write(store_.takeOver().epoch, ha::PutJob{request}, [](const Status&) {});
  }
};

TEST_F(DispatcherTakeOverTest, RunsNoJobBeforeItIsStored) {
  registerTaskManager();
  store_.holds = true;
  EXPECT_FALSE(submit());  // No answer yet.
  EXPECT_THAT(gateway_->orders, SizeIs(0));
  store_.release();
  EXPECT_TRUE(submit());
  EXPECT_THAT(gateway_->orders, SizeIs(1));
  EXPECT_THAT(store_.takeOver().jobs, SizeIs(1));
}

TEST_F(DispatcherTakeOverTest, RefusesAJobThatCannotBeStoredAndTakesItWhenItIsSubmittedAgain) {
  registerTaskManager();
  store_.refusal = Error(ErrorCode::kUnavailable, "the journal is full");
  const auto reply = submit();
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().text(), HasSubstr("the journal is full"));
  store_.refusal.reset();
  EXPECT_TRUE(submit());
}

TEST_F(DispatcherTakeOverTest, StopWaitsForAJobThatIsBeingStoredAndRefusesIt) {
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

TEST_F(DispatcherTakeOverTest, GivesTheAnswerOfASavepointOnceItIsStored) {
  store_.holds = true;
  auto early = savepoint();
  EXPECT_THAT(early.error().text(), HasSubstr("no answer"));
  store_.release();
  time_.runDue();
  const ha::Term next = store_.takeOver();
  ASSERT_THAT(next.savepoints, SizeIs(1));
  EXPECT_THAT(next.savepoints[0].result.error().text(), HasSubstr("Unknown job"));
}

TEST_F(DispatcherTakeOverTest, StepsDownWhenANewerLeaderTookOverAndLeavesItsJobsAlone) {
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

TEST_F(DispatcherTakeOverTest, AJobThatItCannotRunIsShownWithWhatHelpsAndStaysStored) {
  storeOneThatCannotRun();
  open({});
  time_.runDue();
  ASSERT_THAT(dispatcher_->view()->running, SizeIs(1));
  const runtime::JobSummary shown = dispatcher_->view()->running[0].summary;
  EXPECT_EQ(shown.id, job_);
  EXPECT_THAT(shown.waiting, HasSubstr("nosuch"));
  EXPECT_THAT(shown.waiting, HasSubstr("correct the job manager's configuration"));
  EXPECT_THAT(savepoint().error().text(), HasSubstr("is stored and does not run"));
  EXPECT_FALSE(submit());
  EXPECT_THAT(store_.takeOver().jobs, SizeIs(1));
}

TEST_F(DispatcherTakeOverTest, ACancelOfAJobThatItCannotRunIsStoredForTheOneThatCan) {
  storeOneThatCannotRun();
  open({});
  EXPECT_TRUE(cancel());
  EXPECT_EQ(state(), runtime::JobState::kCancelling);
  EXPECT_THAT(summary().waiting, HasSubstr("then the job ends"));
  open({});
  EXPECT_EQ(state(), runtime::JobState::kCancelling) << "of the next leader, too";
  const ha::Term next = store_.takeOver();
  ASSERT_THAT(next.jobs, SizeIs(1));
  EXPECT_TRUE(next.jobs[0].cancelled);
}

TEST_F(DispatcherTakeOverTest, StepsDownOnceAlsoWhileItStops) {
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

TEST_F(DispatcherTakeOverTest, StopLeavesJobsToTheNextOneWhereTheStoreKeepsThem) {
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

TEST_F(DispatcherTakeOverTest, TakesUpTheJobsOfTheOneBeforeItWithLaterAttempts) {
  registerTaskManager();
  ASSERT_TRUE(submit());
  const auto first = std::get<runtime::Deployment>(gateway_->orders.at(0)).execution;
  open({});
  gateway_ = std::make_shared<testing::RecordingGateway>();
  registerTaskManager();
  time_.advance(1s);
  ASSERT_FALSE(gateway_->orders.empty());
  const auto second = std::get<runtime::Deployment>(gateway_->orders.at(0)).execution;
  EXPECT_EQ(second.job, first.job);
  EXPECT_GT(second.epoch, first.epoch);
  EXPECT_GT(second.attempt, first.attempt);
}

TEST_F(DispatcherTakeOverTest,
       AnswersAClientWhoseSavepointTheOneBeforeItHadBegunAlsoWhenItAsksAgain) {
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

TEST_F(DispatcherTakeOverTest, AnUpgradeGoesOnFromTheSavepointOfItsStopThatTheOneBeforeItHadBegun) {
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

TEST_F(DispatcherTakeOverTest, SaysThatAJobIsCancelledOnlyOnceTheNextLeaderWouldNotGoOnWithIt) {
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

TEST_F(DispatcherTakeOverTest, AJobWhoseClientWasToldThatItIsCancelledDoesNotGoOn) {
  DispatcherOptions options;
  options.keeps_jobs = true;
  open(options);
  ASSERT_TRUE(submit());
  store_.memory.write(store_.takeOver().epoch, ha::CancelJob{job_}, [](const Status&) {});
  open(options);
  time_.advance(10s);
  EXPECT_THAT(store_.takeOver().jobs, IsEmpty());
}

TEST_F(DispatcherTakeOverTest, GoesOnWithADisposalOfTheLeaderBeforeAndAnswersItsClient) {
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

TEST_F(DispatcherTakeOverTest, ADisposalThatHadEndedBeforeItsLeaderDidIsAnswered) {
  ha::StoredDisposal disposal;
  disposal.request.operation = OperationId::random(random_);
  disposal.request.path = "file:/elsewhere/savepoint-0123456789ab";  // Gone.
  store_.memory.write(store_.takeOver().epoch, disposal, [](const Status&) {});
  open({});
  const auto answer =
      ask<runtime::DisposeReply>([&](auto done) { dispatcher_->dispose(disposal.request, done); });
  EXPECT_TRUE(answer) << answer.error().text();
}

}  // namespace
}  // namespace weir::jobmanager
