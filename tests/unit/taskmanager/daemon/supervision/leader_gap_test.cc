#include "taskmanager/daemon/supervision/leader_gap.h"

#include "tests/unit/taskmanager/daemon/supervision/core_fixture.h"

namespace weir::taskmanager {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

/// A worker that runs under the leader of epoch 1, which allows for a successor.
class LeaderGapTest : public TaskManagerCoreTest {
 protected:
  LeaderGapTest() {
    terms_.epoch = LeaderEpoch(1);
    terms_.adoption_timeout = 60s;
  }
  void run(const std::string& then = "sleep 1000") {
    running_ = deployment(std::string(kHello) + kHearsWork + "cat frames >&3\n" + then);
    shipFrames(running_, {update(running_, runtime::TaskState::kRunning)});
    start();
    order(running_);
    EXPECT_EQ(next<std::vector<runtime::TaskUpdate>>().size(), 1U);
  }
  void lose() {
    loop_.runSync([this] { core_->onLost("closed"); });
  }
  void leads(std::uint64_t epoch) {
    terms_.epoch = LeaderEpoch(epoch);
    loop_.runSync([this] { core_->onRegistered(terms_); });
  }
  std::size_t workers() {
    std::size_t count = 0;
    loop_.runSync([&] { count = core_->workers(); });
    return count;
  }

  runtime::Deployment running_;
};

TEST_F(LeaderGapTest, KeepsAWorkerOverALostSessionAndTellsTheNextLeaderOfIt) {
  run();
  lose();
  EXPECT_EQ(link_.opened, 2) << "it registers while the worker lives";
  ASSERT_THAT(link_.holdings.attempts, SizeIs(1));
  EXPECT_EQ(link_.holdings.attempts[0].execution, running_.execution);
  EXPECT_EQ(link_.holdings.attempts[0].slots, 1U);
  EXPECT_EQ(link_.holdings.newest, LeaderEpoch(1));
  leads(2);
  EXPECT_EQ(next<std::vector<runtime::TaskUpdate>>().at(0).state, runtime::TaskState::kRunning);
  EXPECT_THAT(link_.told_of, ElementsAre(running_.execution));
  EXPECT_EQ(workers(), 1U);
}

TEST_F(LeaderGapTest, AnAdoptedWorkerLivesUnderTheNextLeader) {
  run();
  lose();
  leads(2);
  loop_.runSync([this] { core_->onAdopt(running_.execution); });
  EXPECT_EQ(workers(), 1U);
}

TEST_F(LeaderGapTest, AWorkerThatIsGivenUpIsKilledAndItsExitTold) {
  run();
  lose();
  leads(2);
  loop_.runSync([this] { core_->onGiveUp(running_.execution); });
  EXPECT_EQ(next<runtime::WorkerExited>().execution, running_.execution);
  loop_.runSync([this] { core_->onGiveUp(running_.execution); });
  EXPECT_TRUE(next<runtime::WorkerExited>().expected) << "said again of what is not there";
}

TEST_F(LeaderGapTest, ALeaderThatIsNoNewerHasGivenUpWhatRuns) {
  run();
  lose();
  leads(1);
  EXPECT_EQ(next<runtime::WorkerExited>().execution, running_.execution);
  EXPECT_THAT(link_.told_of, IsEmpty());
}

TEST_F(LeaderGapTest, ATaskManagerThatIsDismissedKillsWhatRunsAndRegistersAfterIt) {
  run();
  loop_.runSync([this] { core_->onDismissed("no heartbeat"); });
  std::unique_lock lock(link_.mutex);
  ASSERT_TRUE(link_.changed.wait_for(lock, 20s, [this] { return link_.opened == 2; }));
  EXPECT_THAT(link_.holdings.attempts, IsEmpty());
  lock.unlock();
  EXPECT_EQ(workers(), 0U);
}

TEST_F(LeaderGapTest, WorkersEndWhenNoLeaderComesInTime) {
  terms_.adoption_timeout = 200ms;
  run();
  lose();
  std::unique_lock lock(link_.mutex);
  ASSERT_TRUE(
      link_.changed.wait_for(lock, 20s, [this] { return link_.holdings.attempts.empty(); }));
  EXPECT_EQ(link_.holdings.newest, LeaderEpoch()) << "any leader may come now";
}

TEST_F(LeaderGapTest, WorkersEndWhenTheNextLeaderDoesNotDecideInTime) {
  terms_.adoption_timeout = 200ms;
  run();
  lose();
  leads(2);
  EXPECT_EQ(next<runtime::WorkerExited>().execution, running_.execution);
}

TEST_F(LeaderGapTest, TellsOfAWorkerThatEndedWhileThereWasNoLeader) {
  const std::string end = ::testing::TempDir() + "/end_" + std::to_string(::getpid());
  run("while [ ! -e " + end + " ]; do sleep 0.05; done\nexit 3");
  lose();
  std::ofstream(end) << "now";
  {
    std::unique_lock lock(link_.mutex);
    ASSERT_TRUE(link_.changed.wait_for(lock, 20s, [this] {
      return link_.holdings.attempts.size() == 1 && link_.holdings.attempts[0].slots == 0;
    })) << "its exit is kept";
  }
  std::filesystem::remove(end);
  leads(2);
  const auto exited = next<runtime::WorkerExited>();
  EXPECT_EQ(exited.execution, running_.execution);
  EXPECT_FALSE(exited.expected);
  EXPECT_THAT(link_.told_of, ElementsAre(running_.execution));
}

TEST_F(LeaderGapTest, ADeploymentOfAnOlderLeaderIsRefused) {
  run();
  lose();
  leads(5);
  order(deployment("sleep 1000", 7));
  EXPECT_THAT(next<runtime::WorkerExited>().cause, HasSubstr("a newer job manager"));
}

}  // namespace
}  // namespace weir::taskmanager
