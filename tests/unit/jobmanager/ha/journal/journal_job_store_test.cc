#include "jobmanager/ha/journal/journal_job_store.h"

#include <csignal>
#include <cstdlib>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/jobmanager/ha/journal/journal_fixture.h"

namespace weir::ha {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class JournalJobStoreTest : public JournalFixture {};

TEST_F(JournalJobStoreTest, SyncsOnceForAllWritesThatWait) {
  auto store = open();
  const LeaderEpoch epoch = begin(*store)->epoch;
  ASSERT_TRUE(put(*store, epoch, sampleJob(job_)));
  disk_.syncs = 0;
  int answers = 0;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    store->write(epoch,
                 PutCheckpoints{job_, {{}, {}, CheckpointId(i)}},
                 [&](const Status& written) { answers += written ? 1 : 0; });
  }
  EXPECT_EQ(answers, 0);
  time_.runDue();
  EXPECT_EQ(answers, 100);
  EXPECT_EQ(disk_.syncs, 1);
  store.reset();
  EXPECT_EQ(next().jobs.at(0).checkpoints.next, CheckpointId(100));
}

TEST_F(JournalJobStoreTest, RefusesWhatItsQueueHasNoRoomFor) {
  auto store = open({.most_waiting = 3});
  const LeaderEpoch epoch = begin(*store)->epoch;
  std::vector<Status> answers;
  for (int i = 0; i < 4; ++i) {
    store->write(epoch, RemoveJob{job_}, [&](const Status& one) { answers.push_back(one); });
  }
  time_.runDue();
  ASSERT_EQ(answers.size(), 4U);
  const auto refused = std::count_if(answers.begin(), answers.end(), [](const Status& one) {
    return !one && one.error().code() == ErrorCode::kResourceExhausted;
  });
  EXPECT_EQ(refused, 1);
}

TEST_F(JournalJobStoreTest, GivesUpADiskThatHangsAndWritesNothingMore) {
  auto store = open();
  const LeaderEpoch epoch = begin(*store)->epoch;
  std::vector<Status> answers;
  bool hung = false;
  const auto add = [&](const Status& one) { answers.push_back(one); };
  disk_.during_sync = [&] {
    if (std::exchange(hung, true)) {
      return;
    }
    store->write(epoch, PutJob{sampleJob(other_)}, add);  // Waits behind the one that hangs.
    time_.advance(std::chrono::seconds(26));              // It went on before, by what was written.
    EXPECT_EQ(answers.size(), 2U);
  };
  store->write(epoch, PutJob{sampleJob(job_)}, add);
  time_.runDue();
  store->write(epoch, RemoveJob{job_}, add);
  time_.advance(std::chrono::seconds(21));
  disk_.during_sync = nullptr;
  ASSERT_EQ(answers.size(), 3U);
  for (const Status& one : answers) {
    ASSERT_FALSE(one.has_value());
    EXPECT_EQ(one.error().code(), ErrorCode::kFenced);
    EXPECT_THAT(one.error().text(), HasSubstr(directory_ + " has not gone on for 20 s"));
  }
}

TEST_F(JournalJobStoreTest, StaysShortHoweverOftenAJobCheckpoints) {
  auto store = open({.most_garbage = 2000});
  const LeaderEpoch epoch = begin(*store)->epoch;
  ASSERT_TRUE(put(*store, epoch, sampleJob(job_)));
  for (std::uint64_t i = 1; i <= 300; ++i) {
    ASSERT_TRUE(point(*store, epoch, job_, {{{CheckpointId(i), false, "file:/c"}}, {}, {}}));
    ASSERT_LT(std::filesystem::file_size(theJournal()), 8000U);
  }
  store.reset();
  EXPECT_EQ(next().jobs.at(0).checkpoints.retained.at(0).id, CheckpointId(300));
}

TEST_F(JournalJobStoreTest, LeavesNothingOfAnEndedJobAfterSomeSeconds) {
  auto store = open();
  const LeaderEpoch epoch = begin(*store)->epoch;
  ASSERT_TRUE(put(*store, epoch, sampleJob(job_, "the name of an ended job")));
  ASSERT_TRUE(put(*store, epoch, sampleJob(other_, "one that runs")));
  runtime::SavepointResult result;
  result.path = "file:/of-the-ended-one";
  ASSERT_TRUE(ask([&](auto done) {
    store->write(epoch, SavepointAnswer{OperationId::random(random_), job_, result}, done);
  }));
  ASSERT_TRUE(remove(*store, epoch, job_));
  EXPECT_THAT(read(theJournal()), HasSubstr("the name of an ended job"));
  time_.advance(std::chrono::seconds(6));
  EXPECT_THAT(read(theJournal()),
              AllOf(Not(HasSubstr("the name of an ended job")),
                    Not(HasSubstr(std::string(job_.view()))),
                    Not(HasSubstr("of-the-ended-one")),
                    HasSubstr("one that runs")));
}

TEST_F(JournalJobStoreTest, AFullDiskLeavesNoHalfRecordAndTheNextWriteIsTakenAgain) {
  auto store = open();
  const LeaderEpoch epoch = begin(*store)->epoch;
  ASSERT_TRUE(put(*store, epoch, sampleJob(job_, "first")));
  const std::string before = read(theJournal());
  for (std::size_t room = 0; room < 40; ++room) {
    disk_.room = room;
    const Status refused = put(*store, epoch, sampleJob(other_, "second"));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code(), ErrorCode::kResourceExhausted);
    EXPECT_THAT(refused.error().text(), HasSubstr(directory_));
    EXPECT_EQ(read(theJournal()), before) << room;
  }
  disk_.room.reset();
  ASSERT_TRUE(put(*store, epoch, sampleJob(other_, "second")));
  store.reset();
  EXPECT_EQ(next().jobs.size(), 2U);
}

TEST_F(JournalJobStoreTest, WritesItselfAnewAfterASyncThatFailed) {
  auto store = open();
  const LeaderEpoch epoch = begin(*store)->epoch;
  ASSERT_TRUE(put(*store, epoch, sampleJob(job_, "first")));
  const std::string file = theJournal();
  disk_.sync_fails = true;
  const Status refused = put(*store, epoch, sampleJob(other_, "lost"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().text(), HasSubstr(file));
  disk_.sync_fails = false;
  ASSERT_TRUE(put(*store, epoch, sampleJob(other_, "second")));
  EXPECT_NE(theJournal(), file);
  store.reset();
  const Term term = next();
  ASSERT_EQ(term.jobs.size(), 2U);
  for (const StoredJob& job : term.jobs) {
    EXPECT_NE(job.request.graph->name, "lost");
  }
}

TEST_F(JournalJobStoreTest, KeepsWhatItHasWhenItCannotBeMadeShorter) {
  auto store = open({.most_garbage = 1000});
  const LeaderEpoch epoch = begin(*store)->epoch;
  ASSERT_TRUE(put(*store, epoch, sampleJob(job_)));
  disk_.room = 500;  // Enough for a record of checkpoints, not for the whole state.
  for (std::uint64_t i = 1; i <= 200; ++i) {
    ASSERT_TRUE(point(*store, epoch, job_, {{{CheckpointId(i), false, "file:/c"}}, {}, {}}));
  }
  EXPECT_THAT(files(".journal"), IsEmpty());
  store.reset();
  disk_.room.reset();
  EXPECT_EQ(next().jobs.at(0).checkpoints.retained.at(0).id, CheckpointId(200));
}

TEST_F(JournalJobStoreTest, LetsOneJobManagerLeadAndTellsTheOtherWhoItIs) {
  auto first = open();
  ASSERT_TRUE(begin(*first).has_value());
  auto second = open();
  const auto leads = second->tryLead();
  ASSERT_TRUE(leads.has_value()) << leads.error().text();
  EXPECT_FALSE(*leads);
  EXPECT_THAT(second->holder(), ::testing::MatchesRegex("the test, since 20[0-9-]+ [0-9:]+ UTC"));
  const auto refused = begin(*second);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().text(), HasSubstr("another job manager leads on " + directory_));
  first.reset();
  EXPECT_TRUE(*second->tryLead());
  EXPECT_EQ(begin(*second)->epoch, LeaderEpoch(2));
}

TEST_F(JournalJobStoreTest, FencesALeaderThatLostItsLockAndDoesNotKnow) {
  auto store = open();
  const LeaderEpoch epoch = begin(*store)->epoch;
  ASSERT_TRUE(put(*store, epoch, sampleJob(job_, "first")));
  // As another machine would whose file server has given the lock away.
  std::filesystem::rename(directory_ + "/leader-1", directory_ + "/leader-2");
  const Status late = put(*store, epoch, sampleJob(other_, "late"));
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code(), ErrorCode::kFenced);
  EXPECT_THAT(late.error().text(), HasSubstr(directory_));
}

TEST_F(JournalJobStoreTest, AFencedLeaderReplacesNoFileOfTheNewOne) {
  auto store = open({.most_garbage = 100});
  const LeaderEpoch epoch = begin(*store)->epoch;
  ASSERT_TRUE(put(*store, epoch, sampleJob(job_, "first")));
  std::filesystem::rename(directory_ + "/leader-1", directory_ + "/leader-2");
  const auto before = files();
  ASSERT_FALSE(remove(*store, epoch, job_));
  time_.advance(std::chrono::seconds(30));
  EXPECT_EQ(files(), before);
}

TEST_F(JournalJobStoreTest, FencesWritesOfItsOwnEarlierTerm) {
  auto store = open();
  const LeaderEpoch older = begin(*store)->epoch;
  const LeaderEpoch newer = begin(*store)->epoch;
  EXPECT_GT(newer, older);
  const Status late = put(*store, older, sampleJob(job_));
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code(), ErrorCode::kFenced);
  EXPECT_TRUE(put(*store, newer, sampleJob(job_)));
}

TEST_F(JournalJobStoreTest, NeverUsesAnEpochTwiceAlsoWhereItsLockWasDeleted) {
  for (std::uint64_t term = 1; term <= 3; ++term) {
    auto store = open();
    EXPECT_EQ(begin(*store)->epoch, LeaderEpoch(term));
    std::filesystem::remove(directory_ + "/leader-" + std::to_string(term));
    const Status late = put(*store, LeaderEpoch(term), sampleJob(job_));
    EXPECT_FALSE(late.has_value());
  }
}

TEST_F(JournalJobStoreTest, RefusesToStartWhereItsJournalIsGone) {
  ASSERT_TRUE(begin(*open()).has_value());
  std::filesystem::remove(theJournal());
  const auto term = begin(*open());
  ASSERT_FALSE(term.has_value());
  EXPECT_THAT(term.error().text(),
              AllOf(HasSubstr("journal in " + directory_ + " is gone"), HasSubstr("put the file")));
}

TEST_F(JournalJobStoreTest, RefusesADamagedJournalAndLeavesItAsItIs) {
  {
    auto store = open();
    const LeaderEpoch epoch = begin(*store)->epoch;
    ASSERT_TRUE(put(*store, epoch, sampleJob(job_)));
    ASSERT_TRUE(put(*store, epoch, sampleJob(other_)));
  }
  const std::string path = theJournal();
  std::string bytes = read(path);
  bytes[bytes.size() / 2] ^= 1;
  write(path, bytes);
  for (int i = 0; i < 2; ++i) {
    const auto term = begin(*open());
    ASSERT_FALSE(term.has_value());
    EXPECT_EQ(term.error().code(), ErrorCode::kCorruption);
    EXPECT_THAT(term.error().text(), HasSubstr("journal " + path + " is damaged at byte"));
  }
  EXPECT_EQ(read(path), bytes);
}

TEST_F(JournalJobStoreTest, RefusesADirectoryOfSomebodyElse) {
  std::filesystem::create_directory(directory_);
  write(directory_ + "/thesis.txt", "all my work");
  const auto store = JournalJobStore::open({.directory = directory_, .holder = ""}, io_);
  ASSERT_FALSE(store.has_value());
  EXPECT_THAT(store.error().text(),
              AllOf(HasSubstr(directory_ + " holds 'thesis.txt'"), HasSubstr("empty directory")));
}

TEST_F(JournalJobStoreTest, RefusesWhatIsNoDirectoryAndWhatHasNoParent) {
  write(root_ + "/file", "");
  for (const std::string& path : {root_ + "/file",
                                  root_ + "/no/such/parent",
                                  std::string("relative"),
                                  std::string("s3://bucket/dir")}) {
    const auto store = JournalJobStore::open({.directory = path, .holder = ""}, io_);
    EXPECT_FALSE(store.has_value()) << path;
  }
}

TEST_F(JournalJobStoreTest, ShowsItsFilesToItsUserAlone) {
  ASSERT_TRUE(begin(*open()).has_value());
  struct stat info{};
  ASSERT_EQ(::stat(directory_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  ASSERT_EQ(::stat(theJournal().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

// ---------------------------------------------------------------------------------------- crashes

/// Runs in a process of its own, which is killed on its way: founds or takes over, adds a job, and
/// has the state written anew.
TEST_F(JournalJobStoreTest, DISABLED_Child) {
  ASSERT_NE(std::getenv(kChildDirectory), nullptr);
  auto store = open({.most_garbage = 1});
  const Term term = *begin(*store);
  const auto number = static_cast<std::uint8_t>(term.jobs.size() + 1);
  ASSERT_TRUE(put(*store, term.epoch, sampleJob(weir::testing::jobId(number))));
  write(directory_ + "/../acknowledged", std::to_string(number));
}

class JournalCrash : public JournalJobStoreTest, public ::testing::WithParamInterface<const char*> {
 protected:
  /// True when the child came to its end.
  bool runChild(const char* crash_at) const {
    const ::pid_t child = ::fork();
    if (child == 0) {
      ::setenv(kChildDirectory, directory_.c_str(), 1);
      crash_at == nullptr ? ::unsetenv("WEIR_CRASH_AT") : ::setenv("WEIR_CRASH_AT", crash_at, 1);
      ::execl("/proc/self/exe",
              "test",
              "--gtest_filter=JournalJobStoreTest.DISABLED_Child",
              "--gtest_also_run_disabled_tests",
              "--gtest_brief=1",
              nullptr);
      ::_exit(1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE((WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
                (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
        << status;
    return WIFEXITED(status);
  }
  std::size_t acknowledged() const {
    const std::string text = read(root_ + "/acknowledged");
    return text.empty() ? 0 : std::stoul(text);
  }
};

TEST_P(JournalCrash, LosesNothingThatWasAcknowledged) {
  const bool founding = std::string(GetParam()) == "journal.founded";
  for (int round = 0; round < 3; ++round) {
    const std::size_t before = acknowledged();
    // The crash in the first step of a process, then in a later one.
    EXPECT_EQ(runChild(GetParam()), founding && round > 0);
    runChild((std::string(GetParam()) + ":2").c_str());
    runChild((std::string(GetParam()) + ":3").c_str());
    EXPECT_TRUE(runChild(nullptr));
    EXPECT_GT(acknowledged(), before);
    const Term term = next();
    EXPECT_GE(term.jobs.size(), acknowledged());
    EXPECT_EQ(files("journal-").size(), 1U);
    EXPECT_THAT(files(".journal"), IsEmpty());
    EXPECT_EQ(files("leader-").size(), 1U);
  }
}

INSTANTIATE_TEST_SUITE_P(EveryStep,
                         JournalCrash,
                         ::testing::Values("journal.founded",
                                           "journal.epoch-raised",
                                           "journal.written",
                                           "journal.synced",
                                           "journal.snapshot-written",
                                           "journal.snapshot-synced",
                                           "journal.named",
                                           "journal.durable",
                                           "journal.older-removed"));

}  // namespace
}  // namespace weir::ha
