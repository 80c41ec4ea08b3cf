// What a job manager leaves to the next one.
#include <gmock/gmock.h>

#include "tests/unit/jobmanager/ha/journal/journal_fixture.h"

namespace weir::ha {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class JournalHandOverTest : public JournalFixture {
 protected:
  const JobCheckpoints checkpoints_{
      {{CheckpointId(3), true, "file:/chk-3"}, {CheckpointId(5), false, ""}},
      {CheckpointId(2), CheckpointId(3)},
      CheckpointId(20),
      {CheckpointId(1), CheckpointId(4)},
      runtime::JobResult{
          runtime::JobState::kFailed, 7000, "out of disk", {{"lines", "IntCounter", "7"}}}};
};

TEST_F(JournalHandOverTest, HandsTheNextJobManagerJobsWithTheirCheckpoints) {
  {
    auto store = open();
    const Term term = *begin(*store);
    EXPECT_EQ(term.epoch, LeaderEpoch(1));
    EXPECT_THAT(term.jobs, IsEmpty());
    runtime::SubmitRequest request = sampleJob(job_, "first");
    request.restore = runtime::RestoreRequest{"file:/savepoint", true, {"uid"}, {{"a", "b"}}};
    ASSERT_TRUE(put(*store, term.epoch, request));
    ASSERT_TRUE(put(*store, term.epoch, sampleJob(other_, "second")));
    ASSERT_TRUE(point(*store, term.epoch, job_, {}));
    ASSERT_TRUE(point(*store, term.epoch, job_, checkpoints_));
    ASSERT_TRUE(remove(*store, term.epoch, other_));
  }
  const Term term = next();
  EXPECT_EQ(term.epoch, LeaderEpoch(2));
  ASSERT_EQ(term.jobs.size(), 1U);
  EXPECT_EQ(term.jobs[0].request.job, job_);
  EXPECT_EQ(term.jobs[0].request.graph->name, "first");
  EXPECT_EQ(term.jobs[0].request.program.executable.name, "prog");
  ASSERT_TRUE(term.jobs[0].request.restore.has_value());
  EXPECT_EQ(term.jobs[0].request.restore->renamed.at("a"), "b");
  EXPECT_EQ(term.jobs[0].checkpoints, checkpoints_);
  EXPECT_GT(term.jobs[0].submitted_millis, 0);
  EXPECT_EQ(next().jobs.size(), 1U);  // And the one after it.
}

TEST_F(JournalHandOverTest, HandsOnWhereTheLastAttemptOfAJobWasDeployed) {
  DeployedAttempt attempt{
      .execution = {job_, AttemptId(1), LeaderEpoch(1)},
      .task_managers = {{TaskManagerId(Bytes16{1}), 2}, {TaskManagerId(Bytes16{2}), 1}},
      .tasks = {{0, 0, 1}, {1}},
      .storage = "file:/c/job",
      .stopped = true};
  {
    auto store = open();
    const LeaderEpoch epoch = begin(*store)->epoch;
    ASSERT_TRUE(put(*store, epoch, sampleJob(job_)));
    ASSERT_TRUE(ask([&](auto done) { store->write(epoch, attempt, done); }));
    attempt.execution.attempt = AttemptId(2);
    ASSERT_TRUE(ask([&](auto done) { store->write(epoch, attempt, done); }));
  }
  EXPECT_EQ(next().jobs.at(0).attempt, attempt);
  EXPECT_EQ(next().jobs.at(0).attempt, attempt) << "of a file that was written anew";
  {
    auto store = open();
    const LeaderEpoch epoch = begin(*store)->epoch;
    ASSERT_TRUE(remove(*store, epoch, job_));
    ASSERT_TRUE(put(*store, epoch, sampleJob(job_)));
  }
  EXPECT_EQ(next().jobs.at(0).attempt, std::nullopt) << "it went with its job";
}

TEST_F(JournalHandOverTest, HandsOnThatAJobIsCancelled) {
  {
    auto store = open();
    const LeaderEpoch epoch = begin(*store)->epoch;
    ASSERT_TRUE(put(*store, epoch, sampleJob(job_)));
    ASSERT_TRUE(put(*store, epoch, sampleJob(other_)));
    ASSERT_TRUE(ask([&](auto done) { store->write(epoch, CancelJob{job_}, done); }));
  }
  for (const char* which : {"the first", "one that was written anew"}) {
    const Term term = next();
    ASSERT_EQ(term.jobs.size(), 2U);
    for (const StoredJob& job : term.jobs) {
      EXPECT_EQ(job.cancelled, job.request.job == job_) << which;
    }
  }
}

TEST_F(JournalHandOverTest, HandsOnADisposalThatWasCutShortAndForAWhileItsAnswer) {
  StoredDisposal disposal;
  disposal.request.operation = OperationId::random(random_);
  disposal.request.path = "file:/s/savepoint-0123456789ab";
  disposal.request.force = true;
  {
    auto store = open();
    const LeaderEpoch epoch = begin(*store)->epoch;
    ASSERT_TRUE(ask([&](auto done) { store->write(epoch, disposal, done); }));
  }
  for (int leaders = 0; leaders < 3; ++leaders) {
    const Term term = next();
    ASSERT_EQ(term.disposals.size(), 1U);
    EXPECT_EQ(term.disposals[0].request.operation, disposal.request.operation);
    EXPECT_EQ(term.disposals[0].request.path, disposal.request.path);
    EXPECT_TRUE(term.disposals[0].request.force);
    EXPECT_FALSE(term.disposals[0].answer.has_value());
  }
  disposal.answer = Error(ErrorCode::kFailedPrecondition, "it is in use").advise("wait");
  {
    auto store = open();
    const LeaderEpoch epoch = begin(*store)->epoch;
    ASSERT_TRUE(ask([&](auto done) { store->write(epoch, disposal, done); }));
  }
  auto store = open();
  const Term term = *begin(*store);
  ASSERT_EQ(term.disposals.size(), 1U);
  ASSERT_TRUE(term.disposals[0].answer.has_value());
  EXPECT_EQ(term.disposals[0].answer->error().text(), "it is in use; wait");
  time_.advance(std::chrono::seconds(20));
  store.reset();
  EXPECT_THAT(next().disposals, IsEmpty());
}

TEST_F(JournalHandOverTest, HandsOnThatAJobHasStoppedWithTheAnswerToItsClient) {
  JobCheckpoints stopped;
  stopped.retained = {{CheckpointId(4), true, "file:/chk-4"}};
  stopped.stopped = StoppedJob{OperationId::random(random_),
                               {"file:/sp", "file:/chk-4", CheckpointId(4), 17, {"w"}}};
  {
    auto store = open();
    const LeaderEpoch epoch = begin(*store)->epoch;
    ASSERT_TRUE(put(*store, epoch, sampleJob(job_)));
    ASSERT_TRUE(point(*store, epoch, job_, {}));
  }
  EXPECT_FALSE(next().jobs.at(0).checkpoints.stopped.has_value());
  {
    auto store = open();
    ASSERT_TRUE(point(*store, begin(*store)->epoch, job_, stopped));
  }
  const Term term = next();
  EXPECT_EQ(term.jobs.at(0).checkpoints, stopped);
  const runtime::SavepointResult& result = term.jobs[0].checkpoints.stopped->result;
  EXPECT_EQ(result.checkpoint, CheckpointId(4));
  EXPECT_EQ(result.bytes, 17U);
  EXPECT_THAT(result.warnings, ElementsAre("w"));
}

TEST_F(JournalHandOverTest, HandsOnWhichSavepointsWereBegunAndWhatACompleteOneIsAnswered) {
  const BegunSavepoint pending{.id = CheckpointId(6),
                               .operation = OperationId::random(random_),
                               .path = "file:/s/savepoint-0123456789ab",
                               .stop = runtime::StopMode::kDrain,
                               .cancel_job = true};
  BegunSavepoint complete = pending;
  complete.id = CheckpointId(5);
  complete.result = runtime::SavepointResult{"file:/sp", "file:/chk-5", CheckpointId(5), 17, {"w"}};
  JobCheckpoints begun;
  begun.begun = {complete, pending};
  {
    auto store = open();
    const LeaderEpoch epoch = begin(*store)->epoch;
    ASSERT_TRUE(put(*store, epoch, sampleJob(job_)));
    ASSERT_TRUE(point(*store, epoch, job_, begun));
  }
  const Term term = next();
  EXPECT_EQ(term.jobs.at(0).checkpoints, begun);
  EXPECT_THAT(term.jobs[0].checkpoints.begun.at(0).result->warnings, ElementsAre("w"));
  {
    auto store = open();
    ASSERT_TRUE(point(*store, begin(*store)->epoch, job_, {}));
  }
  EXPECT_THAT(next().jobs.at(0).checkpoints.begun, IsEmpty());
}

TEST_F(JournalHandOverTest, ReadsRecordsOfBeforeSavepointsWereStoredWhenTheyBegin) {
  const std::string written(
      "\x1a\x1a\x0a\x10"
      "0123456789abcdef"
      "\x12\x06\x12\x02\x02\x03\x18\x14",
      28);
  const auto change = decodeChange(written);
  ASSERT_TRUE(change) << change.error().text();
  const JobCheckpoints& read = std::get<PutCheckpoints>(*change).checkpoints;
  EXPECT_THAT(read.pinned, ElementsAre(CheckpointId(2), CheckpointId(3)));
  EXPECT_EQ(read.next, CheckpointId(20));
  EXPECT_THAT(read.begun, IsEmpty());
  EXPECT_EQ(encodeChange(*change), written);  // And writes them the same.
}

TEST_F(JournalHandOverTest, HandsOnAnswersOfSavepointsAlsoRefusals) {
  const OperationId taken = OperationId::random(random_);
  const OperationId refused = OperationId::random(random_);
  {
    auto store = open();
    const LeaderEpoch epoch = begin(*store)->epoch;
    ASSERT_TRUE(put(*store, epoch, sampleJob(job_)));
    const runtime::SavepointResult result{"file:/sp", "file:/chk-4", CheckpointId(4), 17, {"w"}};
    ASSERT_TRUE(
        ask([&](auto done) { store->write(epoch, SavepointAnswer{taken, job_, result}, done); }));
    const Error why = Error(ErrorCode::kFailedPrecondition, "no checkpoints").advise("enable them");
    ASSERT_TRUE(
        ask([&](auto done) { store->write(epoch, SavepointAnswer{refused, job_, why}, done); }));
  }
  const Term term = next();
  ASSERT_EQ(term.savepoints.size(), 2U);
  EXPECT_EQ(term.savepoints[0].operation, taken);
  EXPECT_EQ(term.savepoints[0].result->path, "file:/sp");
  EXPECT_EQ(term.savepoints[0].result->checkpoint, CheckpointId(4));
  EXPECT_EQ(term.savepoints[0].result->bytes, 17U);
  EXPECT_EQ(term.savepoints[1].result.error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(term.savepoints[1].result.error().text(), "no checkpoints; enable them");
}

TEST_F(JournalHandOverTest, HandsOnAnUpgradeWithBothProgramsAndHowFarItHasGot) {
  StoredUpgrade upgrade;
  upgrade.request.operation = OperationId::random(random_);
  upgrade.request.job = job_;
  upgrade.request.next = sampleJob(other_, "new");
  upgrade.request.next.restore = runtime::RestoreRequest{"", true, {"uid"}, {{"a", "b"}}};
  upgrade.back = sampleJob(JobId::random(random_), "old");
  upgrade.begun_millis = 17;
  UpgradeProgress progress;
  progress.step = UpgradeStep::kRunning;
  progress.stopping_millis = 18;
  progress.running_millis = 19;
  progress.reply.savepoint = "file:/sp";
  progress.reply.restore.dropped = {"one"};
  const OperationId operation = upgrade.request.operation;
  {
    auto store = open();
    const LeaderEpoch epoch = begin(*store)->epoch;
    ASSERT_TRUE(ask([&](auto done) { store->write(epoch, PutUpgrade{upgrade}, done); }));
  }
  EXPECT_EQ(next().upgrades.at(0).progress.step, UpgradeStep::kBegun);
  {
    auto store = open();
    const LeaderEpoch epoch = begin(*store)->epoch;
    ASSERT_TRUE(ask(
        [&](auto done) { store->write(epoch, PutUpgradeProgress{operation, progress}, done); }));
  }
  const Term term = next();
  ASSERT_EQ(term.upgrades.size(), 1U);
  const StoredUpgrade& found = term.upgrades[0];
  EXPECT_EQ(found.request.operation, operation);
  EXPECT_EQ(found.request.job, job_);
  EXPECT_EQ(found.request.next.job, other_);
  EXPECT_EQ(found.request.next.restore->drop, std::vector<std::string>{"uid"});
  EXPECT_TRUE(found.request.next.restore->allow_non_restored);
  EXPECT_EQ(found.back.graph->name, "old");
  EXPECT_EQ(found.begun_millis, 17);
  EXPECT_EQ(found.progress.step, UpgradeStep::kRunning);
  EXPECT_EQ(found.progress.stopping_millis, 18);
  EXPECT_EQ(found.progress.running_millis, 19);
  EXPECT_EQ(found.progress.reply.savepoint, "file:/sp");
  EXPECT_THAT(found.progress.reply.restore.dropped, ElementsAre("one"));
  EXPECT_FALSE(found.progress.failure.has_value());
}

TEST_F(JournalHandOverTest, KeepsTheAnswerOfAnUpgradeForTheNextJobManagerAndThenForgetsIt) {
  StoredUpgrade upgrade;
  upgrade.request.operation = OperationId::random(random_);
  upgrade.request.next = sampleJob(other_, "a very special name");
  upgrade.back = sampleJob(job_, "a very special name");
  UpgradeProgress answered;
  answered.step = UpgradeStep::kAnswered;
  answered.failure = Error(ErrorCode::kUnavailable, "neither runs").advise("start one");
  {
    auto store = open();
    const LeaderEpoch epoch = begin(*store)->epoch;
    ASSERT_TRUE(ask([&](auto done) { store->write(epoch, PutUpgrade{upgrade}, done); }));
    ASSERT_TRUE(ask([&](auto done) {
      store->write(epoch, PutUpgradeProgress{upgrade.request.operation, answered}, done);
    }));
  }
  auto store = open();
  const Term term = *begin(*store);
  ASSERT_EQ(term.upgrades.size(), 1U);
  EXPECT_EQ(term.upgrades[0].request.operation, upgrade.request.operation);
  EXPECT_EQ(term.upgrades[0].progress.step, UpgradeStep::kAnswered);
  EXPECT_EQ(term.upgrades[0].progress.failure->text(), "neither runs; start one");
  EXPECT_THAT(read(theJournal()), Not(HasSubstr("a very special name")));
  time_.advance(std::chrono::seconds(20));
  store.reset();
  EXPECT_THAT(next().upgrades, IsEmpty());
}

}  // namespace
}  // namespace weir::ha
