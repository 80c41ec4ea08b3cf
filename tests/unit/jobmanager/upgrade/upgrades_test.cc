#include "jobmanager/upgrade/upgrades.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"
#include "jobmanager/ha/memory_job_store.h"
#include "tests/unit/jobmanager/job_graphs.h"
#include "tests/unit/jobmanager/upgrade/fake_upgrade_jobs.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class UpgradesTest : public ::testing::Test {
 protected:
  UpgradesTest() {
    request_.operation = OperationId::random(random_);
    request_.job = testing::jobId(1);
    request_.next.job = testing::jobId(2);
    request_.next.graph = testing::FakeUpgradeJobs::named("new");
    request_.next.restore.emplace();
    jobs_.jobs[request_.job].runs = true;
    lead();
  }
  /// A job manager takes over.
  void lead() {
    upgrades_.reset();
    ha::Term term = *ha::beginTerm(memory_, 1s);
    leader_ = std::make_unique<ha::LeaderStore>(memory_, strand_, term.epoch, [](const Error&) {});
    upgrades_ =
        std::make_unique<Upgrades>(UpgradeRun::Parts{*leader_, strand_, time_, jobs_}, random_);
    upgrades_->resume(std::move(term.upgrades), term.jobs);
    upgrades_->start();
    time_.runDue();
  }
  void ask() {
    const auto told = [this](const runtime::UpgradeNotice& notice) { told_.push_back(notice); };
    upgrades_->upgrade(request_, told, [this](Result<runtime::UpgradeReply> reply) {
      ++answers_;
      reply_ = std::move(reply);
    });
    time_.runDue();
  }
  void stopped() {
    runtime::SavepointResult result;
    result.path = "file:/savepoint-1";
    jobs_.stopped(result);
    time_.runDue();
  }
  void ended(JobId job) {
    jobs_.jobs.erase(job);
    upgrades_->changed(job);
    time_.runDue();
  }
  void changed(JobId job) {
    upgrades_->changed(job);
    time_.runDue();
  }
  /// The job that was submitted last.
  void accept() {
    jobs_.jobs[jobs_.submitted] = {};
    jobs_.accept(runtime::SubmitReply{{{"all"}, {}, {}}});
    time_.runDue();
  }
  void refuse(const std::string& why) {
    jobs_.accept(Error(ErrorCode::kInvalidArgument, why));
    time_.runDue();
  }
  void runs(JobId job) {
    jobs_.jobs.at(job).runs = true;
    changed(job);
  }
  void untilNextIsSubmitted() {
    ask();
    stopped();
    ended(request_.job);
  }
  void untilNextIsAccepted() {
    untilNextIsSubmitted();
    accept();
  }
  /// Of the job that was submitted last: it ends, and is forgotten when it may be.
  void endsAs(runtime::JobState state, const std::string& cause) {
    const JobId job = jobs_.submitted;
    runtime::JobResult result;
    result.state = state;
    result.cause = cause;
    upgrades_->jobEnding(job, result, [this] { ++forgotten_; });
    time_.runDue();
    ended(job);
  }
  /// A savepoint that the job manager before had begun for the upgrade.
  void savepointEnded(const Result<runtime::SavepointResult>& result) {
    upgrades_->savepointEnded({request_.operation, request_.job, result});
    time_.runDue();
  }
  ha::UpgradeStep storedStep() {
    ha::Term term = *ha::beginTerm(memory_, 1s);
    return term.upgrades.at(0).progress.step;
  }

  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor strand_{time_};
  SeededRandom random_{1};
  ha::MemoryJobStore memory_;
  testing::FakeUpgradeJobs jobs_;
  std::unique_ptr<ha::LeaderStore> leader_;
  std::unique_ptr<Upgrades> upgrades_;
  runtime::UpgradeRequest request_;
  std::vector<runtime::UpgradeNotice> told_;
  int answers_ = 0;
  int forgotten_ = 0;
  Result<runtime::UpgradeReply> reply_ = Error(ErrorCode::kInternal, "no answer");
};

TEST_F(UpgradesTest, AnswersOnceTheNextJobHasCompletedACheckpoint) {
  ask();
  time_.advance(1s);  // The savepoint takes its time, and the job is down.
  stopped();
  ended(request_.job);
  EXPECT_THAT(jobs_.asked, ElementsAre("stop", "submit new from file:/savepoint-1"));
  accept();
  time_.advance(500ms);
  runs(request_.next.job);
  time_.advance(2s);
  EXPECT_EQ(answers_, 0);
  jobs_.jobs.at(request_.next.job).checkpointed = true;
  changed(request_.next.job);
  ASSERT_TRUE(reply_) << reply_.error().text();
  EXPECT_EQ(answers_, 1);
  EXPECT_EQ(reply_->job, request_.next.job);
  EXPECT_EQ(reply_->savepoint, "file:/savepoint-1");
  EXPECT_EQ(reply_->down_millis, 1500);
  EXPECT_THAT(reply_->restore.matched, ElementsAre("all"));
  EXPECT_EQ(reply_->failure, "");
}

/// "<stage> <name of the job> <savepoint>" of each.
std::vector<std::string> stagesOf(const std::vector<runtime::UpgradeNotice>& told) {
  std::vector<std::string> stages;
  for (const runtime::UpgradeNotice& one : told) {
    stages.push_back(std::to_string(static_cast<int>(one.stage)) + " " + one.job_name + " " +
                     one.savepoint);
  }
  return stages;
}

TEST_F(UpgradesTest, TellsEachStageOfAProgramThatTakesOver) {
  untilNextIsAccepted();
  runs(request_.next.job);
  jobs_.jobs.at(request_.next.job).checkpointed = true;
  changed(request_.next.job);
  EXPECT_THAT(stagesOf(told_),
              ElementsAre("0 old ",
                          "1 old file:/savepoint-1",
                          "2 new file:/savepoint-1",
                          "3 new file:/savepoint-1",
                          "4 new file:/savepoint-1"));
  EXPECT_EQ(told_.front().job, request_.job);
  EXPECT_EQ(told_.back().job, request_.next.job);
}

TEST_F(UpgradesTest, TellsWhyItGoesBackAndAsWhichJob) {
  untilNextIsAccepted();
  endsAs(runtime::JobState::kFailed, "it divides by zero");
  ASSERT_THAT(told_, SizeIs(6));
  EXPECT_EQ(told_[4].stage, runtime::UpgradeStage::kGoesBack);
  EXPECT_THAT(told_[4].failure, HasSubstr("it divides by zero"));
  EXPECT_EQ(told_[5].stage, runtime::UpgradeStage::kStartsOld);
  EXPECT_EQ(told_[5].job, jobs_.submitted);
}

TEST_F(UpgradesTest, TellsWhoJoinsWhereItStands) {
  untilNextIsAccepted();
  lead();
  told_.clear();
  ask();
  EXPECT_THAT(stagesOf(told_), ElementsAre("3 new file:/savepoint-1"));
}

TEST_F(UpgradesTest, KeepsNoFilesOfAProgramThatWasNotNeeded) {
  untilNextIsAccepted();
  EXPECT_THAT(jobs_.retained, SizeIs(2));
  jobs_.jobs.at(request_.next.job).checkpointed = true;
  changed(request_.next.job);
  EXPECT_THAT(jobs_.retained, ElementsAre(request_.next.job));
}

TEST_F(UpgradesTest, LeavesTheJobAloneWhenItIsRefused) {
  jobs_.refusal = Error(ErrorCode::kInvalidArgument, "state does not fit");
  ask();
  ASSERT_FALSE(reply_);
  EXPECT_THAT(reply_.error().text(), HasSubstr("state does not fit"));
  EXPECT_THAT(jobs_.asked, IsEmpty());
  EXPECT_THAT(jobs_.retained, IsEmpty());
}

TEST_F(UpgradesTest, StartsNothingWhenTheJobIsNotStopped) {
  ask();
  jobs_.stopped(Error(ErrorCode::kFailedPrecondition, "the savepoint does not fit"));
  time_.runDue();
  ASSERT_FALSE(reply_);
  EXPECT_THAT(reply_.error().text(), HasSubstr("does not fit"));
  EXPECT_THAT(jobs_.asked, ElementsAre("stop"));
  EXPECT_THAT(jobs_.retained, IsEmpty());
}

TEST_F(UpgradesTest, StartsTheOldProgramAgainWhenTheNextIsNotAccepted) {
  untilNextIsSubmitted();
  refuse("state that matches nothing");
  EXPECT_EQ(jobs_.asked.back(), "submit old from file:/savepoint-1");
  accept();
  EXPECT_EQ(answers_, 0);
  runs(jobs_.submitted);
  ASSERT_TRUE(reply_);
  EXPECT_EQ(reply_->job, jobs_.submitted);
  EXPECT_THAT(reply_->failure, HasSubstr("state that matches nothing"));
  EXPECT_THAT(reply_->failure, HasSubstr(request_.next.job.hex()));
  EXPECT_THAT(reply_->failure, HasSubstr(jobs_.submitted.hex()));
}

TEST_F(UpgradesTest, StartsTheOldProgramAgainOnceTheNextHasFailedAndThatIsStored) {
  untilNextIsAccepted();
  endsAs(runtime::JobState::kFailed, "it divides by zero");
  EXPECT_EQ(forgotten_, 1);
  EXPECT_EQ(jobs_.asked.back(), "submit old from file:/savepoint-1");
  accept();
  runs(jobs_.submitted);
  EXPECT_THAT(reply_->failure, HasSubstr("is FAILED: it divides by zero"));
}

TEST_F(UpgradesTest, GivesUpANextJobThatRestartsTooOften) {
  untilNextIsAccepted();
  jobs_.jobs.at(request_.next.job).restarts = 1;
  changed(request_.next.job);
  EXPECT_EQ(jobs_.asked.back(), "submit new from file:/savepoint-1");
  jobs_.jobs.at(request_.next.job).restarts = 2;
  jobs_.jobs.at(request_.next.job).failure = "a worker died";
  changed(request_.next.job);
  EXPECT_EQ(jobs_.asked.back(), "cancel");
  endsAs(runtime::JobState::kCanceled, "");
  accept();
  runs(jobs_.submitted);
  EXPECT_THAT(reply_->failure, HasSubstr("upgrade.restarts allows 1: a worker died"));
}

TEST_F(UpgradesTest, AsksForACheckpointEachTimeThatTheNextJobComesToRun) {
  untilNextIsAccepted();
  runs(request_.next.job);
  changed(request_.next.job);
  EXPECT_THAT(jobs_.asked, ElementsAre("stop", "submit new from file:/savepoint-1", "checkpoint"));
  jobs_.jobs.at(request_.next.job).runs = false;
  jobs_.jobs.at(request_.next.job).restarts = 1;
  changed(request_.next.job);
  runs(request_.next.job);
  EXPECT_THAT(jobs_.asked, SizeIs(4));
  EXPECT_EQ(jobs_.asked.back(), "checkpoint");
}

TEST_F(UpgradesTest, GivesUpANextJobThatCompletesNoCheckpointInTime) {
  untilNextIsAccepted();
  time_.advance(9s);
  runs(request_.next.job);  // The time goes on.
  time_.advance(1s);
  EXPECT_EQ(jobs_.asked.back(), "cancel");
  endsAs(runtime::JobState::kCanceled, "");
  accept();
  runs(jobs_.submitted);
  EXPECT_THAT(reply_->failure, HasSubstr("no checkpoint within upgrade.timeout (10 s)"));
}

TEST_F(UpgradesTest, TakesANextJobThatHasFinishedForOneThatHasTakenOver) {
  untilNextIsAccepted();
  endsAs(runtime::JobState::kFinished, "");
  ASSERT_TRUE(reply_);
  EXPECT_EQ(reply_->failure, "");
  EXPECT_EQ(jobs_.asked.back(), "submit new from file:/savepoint-1");
}

TEST_F(UpgradesTest, SaysWhereTheStateIsWhenNeitherProgramStarts) {
  untilNextIsSubmitted();
  refuse("the new one fails");
  refuse("the old one fails");
  ASSERT_FALSE(reply_);
  EXPECT_THAT(reply_.error().text(), HasSubstr("the new one fails"));
  EXPECT_THAT(reply_.error().text(), HasSubstr("the old one fails"));
  EXPECT_THAT(reply_.error().advice(), HasSubstr("weir run -s file:/savepoint-1"));
}

TEST_F(UpgradesTest, AnswersARepeatedRequestWithoutAnotherUpgrade) {
  ask();
  ask();
  EXPECT_THAT(jobs_.asked, ElementsAre("stop"));
  stopped();
  ended(request_.job);
  accept();
  jobs_.jobs.at(request_.next.job).checkpointed = true;
  changed(request_.next.job);
  EXPECT_EQ(answers_, 2);
  lead();
  ask();
  EXPECT_EQ(answers_, 3);
  EXPECT_EQ(reply_->job, request_.next.job);
}

TEST_F(UpgradesTest, RefusesASecondUpgradeOfOneJob) {
  ask();
  request_.operation = OperationId::random(random_);
  ask();
  ASSERT_FALSE(reply_);
  EXPECT_THAT(reply_.error().text(), HasSubstr("is being upgraded already"));
}

TEST_F(UpgradesTest, GoesOnWithEachStepUnderTheNextJobManager) {
  ask();
  jobs_.jobs.at(request_.job).runs = false;
  lead();
  EXPECT_THAT(jobs_.asked, ElementsAre("stop"));
  runs(request_.job);
  EXPECT_THAT(jobs_.asked, ElementsAre("stop", "stop"));
  stopped();
  lead();
  EXPECT_THAT(jobs_.asked, SizeIs(2));
  ended(request_.job);
  EXPECT_EQ(jobs_.asked.back(), "submit new from file:/savepoint-1");
  lead();
  EXPECT_THAT(jobs_.asked, SizeIs(4));
  accept();
  lead();
  runs(request_.next.job);
  lead();
  EXPECT_THAT(jobs_.asked, SizeIs(6));
  EXPECT_EQ(jobs_.asked.back(), "checkpoint") << "by each of the two";
  time_.advance(10s);
  EXPECT_EQ(jobs_.asked.back(), "cancel");
  lead();
  EXPECT_EQ(jobs_.asked.back(), "cancel");
  ended(request_.next.job);
  EXPECT_EQ(jobs_.asked.back(), "submit old from file:/savepoint-1");
  lead();
  EXPECT_EQ(jobs_.asked.back(), "submit old from file:/savepoint-1");
  const JobId back = jobs_.submitted;
  accept();
  runs(back);
  ask();
  ASSERT_TRUE(reply_);
  EXPECT_EQ(reply_->job, back);
}

TEST_F(UpgradesTest, GivesUpAJobThatEndedBeforeTheNextJobManagerCouldStopIt) {
  ask();
  jobs_.jobs.clear();
  lead();
  ask();
  ASSERT_FALSE(reply_);
  EXPECT_THAT(reply_.error().text(), HasSubstr("ended before it could be stopped"));
}

TEST_F(UpgradesTest, KnowsFromTheStoreThatTheJobHasStoppedForIt) {
  runtime::SubmitRequest old;
  old.job = request_.job;
  leader_->write(ha::PutJob{old}, [](const Status&) {});
  ask();
  ha::JobCheckpoints checkpoints;
  checkpoints.stopped.emplace();
  checkpoints.stopped->operation = request_.operation;
  checkpoints.stopped->result.path = "file:/savepoint-7";
  leader_->putCheckpoints(request_.job, checkpoints, [](const Status&) {});
  time_.runDue();
  lead();
  EXPECT_THAT(jobs_.asked, ElementsAre("stop"));
  ended(request_.job);
  EXPECT_EQ(jobs_.asked.back(), "submit new from file:/savepoint-7");
}

TEST_F(UpgradesTest, GoesOnWhenTheNextJobManagerCompletesTheSavepointOfTheStop) {
  ask();
  jobs_.jobs.at(request_.job).runs = false;
  jobs_.jobs.at(request_.job).reading = true;
  lead();
  time_.advance(11s);  // What is read bounds itself.
  runtime::SavepointResult whole;
  whole.path = "file:/savepoint-7";
  savepointEnded(whole);
  jobs_.jobs.at(request_.job).reading = false;
  runs(request_.job);  // It commits.
  EXPECT_THAT(jobs_.asked, ElementsAre("stop"));
  ended(request_.job);
  EXPECT_EQ(jobs_.asked.back(), "submit new from file:/savepoint-7");
}

TEST_F(UpgradesTest, StopsTheJobAgainWhenNothingIsLeftOfTheSavepointOfTheStop) {
  ask();
  jobs_.jobs.at(request_.job).runs = false;
  jobs_.jobs.at(request_.job).reading = true;
  lead();
  savepointEnded(Error(ErrorCode::kUnavailable, "it was not complete"));
  jobs_.jobs.at(request_.job).reading = false;
  runs(request_.job);
  EXPECT_THAT(jobs_.asked, ElementsAre("stop", "stop"));
}

TEST_F(UpgradesTest, NeverGoesBackOnceTheStoreHasACheckpointOfTheNextJob) {
  untilNextIsAccepted();
  runtime::SubmitRequest next;
  next.job = request_.next.job;
  leader_->write(ha::PutJob{next}, [](const Status&) {});
  ha::JobCheckpoints checkpoints;
  checkpoints.retained.push_back({CheckpointId(9), false, "/checkpoints/9"});
  leader_->putCheckpoints(next.job, checkpoints, [](const Status&) {});
  time_.runDue();
  lead();
  endsAs(runtime::JobState::kFailed, "its checkpoint cannot be read");
  ask();
  ASSERT_TRUE(reply_);
  EXPECT_EQ(reply_->failure, "");
}

TEST_F(UpgradesTest, AnswersAndLetsJobsGoWhenItsJobManagerStops) {
  untilNextIsAccepted();
  upgrades_->close(Error(ErrorCode::kUnavailable, "the job manager is stopping"));
  EXPECT_EQ(answers_, 1);
  EXPECT_THAT(reply_.error().text(), HasSubstr("stopping"));
  endsAs(runtime::JobState::kFailed, "the job manager is stopping");
  EXPECT_EQ(forgotten_, 1);
  EXPECT_EQ(jobs_.asked.back(), "submit new from file:/savepoint-1");
}

}  // namespace
}  // namespace weir::jobmanager
