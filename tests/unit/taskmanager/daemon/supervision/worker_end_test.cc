// How workers end, and what is told of it.

#include <fcntl.h>
#include <sys/prctl.h>

#include "common/base/text.h"
#include "tests/unit/taskmanager/daemon/supervision/core_fixture.h"

namespace weir::taskmanager {
namespace {

class WorkerEndTest : public TaskManagerCoreTest {};

TEST_F(WorkerEndTest, KillsAWorkerThatDoesNotSayHello) {
  settings_.worker.hello_timeout = 100ms;
  const auto exited = runToItsEnd(deployment("sleep 1000"));
  EXPECT_FALSE(exited.expected);
  EXPECT_THAT(exited.cause, HasSubstr("did not ask for its execution environment within 100 ms"));
}

TEST_F(WorkerEndTest, KillsAWorkerThatSpeaksSomethingElse) {
  const auto exited = runToItsEnd(deployment("printf '\\002\\000\\000\\000xx' >&3; sleep 1000"));
  EXPECT_THAT(exited.cause, HasSubstr("broke the worker protocol"));
}

TEST_F(WorkerEndTest, RefusesAnotherWorkerProtocol) {
  // WorkerReport{hello{protocol_version: 99}}
  const auto exited =
      runToItsEnd(deployment("printf '\\004\\000\\000\\000\\012\\002\\010\\143' >&3; sleep 1000"));
  EXPECT_THAT(exited.cause, HasSubstr("worker protocol 99"));
}

TEST_F(WorkerEndTest, PassesOnWhyAWorkerGaveUp) {
  settings_.worker.end_timeout = 100ms;
  auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
  shipFrames(it, {runtime::WorkerFailed{"another graph"}});
  const auto exited = runToItsEnd(it);
  EXPECT_FALSE(exited.expected);
  EXPECT_EQ(exited.cause, "another graph");
}

TEST_F(WorkerEndTest, CutsTheTextsOfAWorkerThatDoesNotCutThemItself) {
  settings_.worker.end_timeout = 100ms;
  auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
  auto failed = update(it, runtime::TaskState::kFailed);
  failed.cause = "begins " + std::string(70 << 20, 'x');
  shipFrames(it, {failed, runtime::WorkerFailed{failed.cause}});
  start();
  order(it);
  const auto updates = next<std::vector<runtime::TaskUpdate>>();
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_LE(updates.front().cause.size(), kMostTextBytes);
  EXPECT_THAT(updates.front().cause, ::testing::StartsWith("begins xxx"));
  EXPECT_LE(next<runtime::WorkerExited>().cause.size(), kMostTextBytes);
}

TEST_F(WorkerEndTest, KillsAWorkerWhoseAccumulatorsAreTooLarge) {
  auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
  auto grown = update(it, runtime::TaskState::kRunning);
  grown.accumulators = {{"values", "Histogram", std::string(48 << 20, 'x')}};
  shipFrames(it, {grown});
  const auto exited = runToItsEnd(it);
  EXPECT_TRUE(exited.unrecoverable);
  EXPECT_THAT(exited.cause,
              AllOf(HasSubstr("taskmanager.worker.max-accumulator-size"), HasSubstr("'values'")));
}

TEST_F(WorkerEndTest, KillsAWorkerThatDoesNotObeyACancel) {
  auto it = deployment(std::string(kHello) + "trap '' TERM; cat <&3 > " + tmp_ + "/orders");
  it.configuration["task.cancellation.timeout"] = "200 ms";
  start();
  order(it);
  waitForFile(tmp_ + "/orders");
  order(runtime::CancelOrder{it.execution});
  const auto exited = next<runtime::WorkerExited>();
  EXPECT_TRUE(exited.expected);
  EXPECT_THAT(exited.cause, HasSubstr("did not obey the cancel within 200 ms"));
  std::filesystem::remove(tmp_ + "/orders");
}

TEST_F(WorkerEndTest, KillsWhatAWorkerLeavesBehindInItsGroup) {
  const std::string pid_file = tmp_ + "/pid";
  const auto exited = runToItsEnd(deployment("sleep 1000 & echo $! > " + pid_file + "; exit 0"));
  EXPECT_THAT(exited.cause, HasSubstr("exited with status 0"));
  pid_t pid = 0;
  std::ifstream(pid_file) >> pid;
  std::filesystem::remove(pid_file);
  ASSERT_GT(pid, 0);
  for (int i = 0; i < 1000; ++i) {  // A zombie until somebody above reaps it.
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(stat, line) || line.find(") Z") != std::string::npos) {
      return;
    }
    std::this_thread::sleep_for(10ms);
  }
  FAIL() << "process " << pid << " still lives";
}

TEST_F(WorkerEndTest, KillsWhatAWorkerLeavesBehindInASessionOfItsOwn) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // As the daemon is one.
  const std::string pid_file = tmp_ + "/pid";
  // Its parent has ended long before the worker does.
  const auto exited = runToItsEnd(deployment("(setsid sh -c 'echo $$ > " + pid_file +
                                             "; exec sleep 1000' &)\nwhile [ ! -s " + pid_file +
                                             " ]; do sleep 0.01; done; exit 0"));
  EXPECT_THAT(exited.cause, HasSubstr("exited with status 0"));
  pid_t pid = 0;
  std::ifstream(pid_file) >> pid;
  std::filesystem::remove(pid_file);
  ASSERT_GT(pid, 0);
  for (int i = 0; i < 1000; ++i) {  // Reaped by the core, as nobody else does it.
    if (::kill(pid, 0) != 0) {
      ::prctl(PR_SET_CHILD_SUBREAPER, 0);
      return;
    }
    std::this_thread::sleep_for(10ms);
  }
  FAIL() << "process " << pid << " is still there";
}

// Neither descent nor the environment leads to this child.

TEST_F(WorkerEndTest, AControlGroupReachesAChildInASessionOfItsOwnWithoutItsEnvironment) {
  auto opened = WorkerCgroups::open(directory_->name());
  if (!opened) {
    GTEST_SKIP() << "no control groups are delegated: " << opened.error().text();
  }
  groups_ = *std::move(opened);
  const std::string pid_file = tmp_ + "/pid";
  const auto it = deployment(std::string(kHello) + "(env -i setsid sh -c 'echo $$ > " + pid_file +
                             "; exec sleep 1000' &)\nsleep 1000");
  start();
  order(it);
  waitForFile(pid_file);
  pid_t pid = 0;
  std::ifstream(pid_file) >> pid;
  std::filesystem::remove(pid_file);
  ASSERT_GT(pid, 0);
  loop_.runSync([this] { core_->onLost("test"); });  // Kills.
  for (int i = 0; i < 1000; ++i) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(stat, line) || line.find(") Z") != std::string::npos) {
      return;
    }
    std::this_thread::sleep_for(10ms);
  }
  ::kill(pid, SIGKILL);
  FAIL() << "process " << pid << " still lives";
}

TEST_F(WorkerEndTest, AWorkerMayLeaveACoreFileAsLargeAsItsSettingsSay) {
  settings_.worker.core_bytes = 3 << 20;
  EXPECT_THAT(runToItsEnd(deployment("cat /proc/self/limits >&2; exit 1")).cause,
              ::testing::ContainsRegex("Max core file size +3145728 "));
}

TEST_F(WorkerEndTest, AWorkerLeavesNoCoreFileOnItsOwn) {
  EXPECT_THAT(runToItsEnd(deployment("cat /proc/self/limits >&2; exit 1")).cause,
              ::testing::ContainsRegex("Max core file size +0 "));
}

TEST_F(WorkerEndTest, CountsTheMemoryOfWhatAWorkerHasStarted) {
  settings_.worker.memory_per_slot = 64 << 20;
  auto it = deployment(std::string(kHello) +
                       "setsid sh -c 'x=$(yes | head -c 100000000); sleep 1000; echo $x' & wait");
  it.slots = 1;
  const auto exited = runToItsEnd(it);
  EXPECT_THAT(
      exited.cause,
      AllOf(HasSubstr("with what it has started, used"), HasSubstr("taskmanager.slot.memory")));
}

TEST_F(WorkerEndTest, LetsAWorkerThatHangsSayWhereBeforeItIsKilled) {
  auto it = deployment("trap 'echo \"weir: task hangs here\" >&2' QUIT\n" + std::string(kHello) +
                       kHearsWork + "echo x > " + tmp_ + "/ready; while true; do sleep 0.01; done");
  it.configuration["task.cancellation.timeout"] = "100 ms";
  start();
  order(it);
  waitForFile(tmp_ + "/ready");
  order(runtime::CancelOrder{it.execution});
  const auto exited = next<runtime::WorkerExited>();
  EXPECT_TRUE(exited.expected);
  EXPECT_THAT(exited.cause,
              AllOf(HasSubstr("did not obey the cancel"), HasSubstr("weir: task hangs here")));
  std::filesystem::remove(tmp_ + "/ready");
}

TEST_F(WorkerEndTest, PassesTheOutputOfWorkersOnUnderTheNameOfTheirJob) {
  const std::string out = tmp_ + "/out";
  const UniqueFd file(::open(out.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  {
    daemon::OutputSink sink(file.get(), {});
    settings_.worker.standard_output = &sink;
    auto it = deployment("echo one; printf 'two without end'; exit 1");
    it.graph.change([](graph::JobGraph& graph) { graph.name = "Word Count"; });
    (void)runToItsEnd(it);
  }
  std::ostringstream text;
  text << std::ifstream(out).rdbuf();
  EXPECT_EQ(text.str(),
            "==> job 'Word Count' (" + JobId(Bytes16{9}).hex() + ") <==\none\ntwo without end\n");
  std::filesystem::remove(out);
}

TEST_F(WorkerEndTest, KeepsTheDirectoriesOfTheLastWorkersThatFailed) {
  settings_.worker.kept_directories = 2;
  start();
  for (std::uint64_t attempt = 1; attempt <= 3; ++attempt) {
    order(deployment("echo found > left-behind; exit 1", attempt));
    EXPECT_THAT(next<runtime::WorkerExited>().cause,
                HasSubstr("; its directory is kept as " + tmp_));
  }
  const std::string kept = tmp_ + "/weir-failed-" + JobId(Bytes16{9}).hex() + "-";
  waitForFile(kept + "3/work/left-behind");
  EXPECT_TRUE(std::filesystem::exists(kept + "2/work/left-behind"));
  EXPECT_FALSE(std::filesystem::exists(kept + "1"));
  std::filesystem::remove_all(kept + "2");
  std::filesystem::remove_all(kept + "3");
}

TEST_F(WorkerEndTest, AnEndAfterAllTasksHaveEndedIsExpected) {
  auto it = deployment(std::string(kHello) + "cat frames >&3; exit 0");
  shipFrames(it,
             {update(it, runtime::TaskState::kRunning), update(it, runtime::TaskState::kFinished)});
  start();
  order(it);
  std::size_t updates = 0;
  while (updates < 2) {
    const auto batch = next<std::vector<runtime::TaskUpdate>>();
    ASSERT_FALSE(batch.empty());
    updates += batch.size();
  }
  const auto exited = next<runtime::WorkerExited>();
  EXPECT_TRUE(exited.expected);
  EXPECT_EQ(exited.cause, "");
}

TEST_F(WorkerEndTest, KillsAWorkerThatUsesMoreMemoryThanItsSlots) {
  settings_.worker.memory_per_slot = 32 << 20;
  const auto exited = runToItsEnd(deployment(
      "x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23; "
      "do x=$x$x; done; sleep 1000"));
  EXPECT_FALSE(exited.expected);
  EXPECT_THAT(exited.cause,
              AllOf(HasSubstr("MiB of memory, more than the 32 MiB"),
                    HasSubstr("taskmanager.slot.memory")));
}

TEST_F(WorkerEndTest, KillsAWorkerThatNoLongerAnswers) {
  terms_ = {20ms, 100ms, nanosSinceBoot()};
  auto it = deployment(std::string(kHelloWithLeases) + "cat frames >&3; sleep 1000");
  shipFrames(it, {runtime::LeaseTaken{1}});
  const auto exited = runToItsEnd(it);
  EXPECT_FALSE(exited.expected);
  EXPECT_THAT(exited.cause,
              AllOf(HasSubstr("did not answer for 120 ms"),
                    HasSubstr("(it hangs, or was stopped) and was killed")));
}

TEST_F(WorkerEndTest, WaitsForAWorkerThatHasNotComeToExecuteAndForOneOfTheLastProtocol) {
  terms_ = {5ms, 20ms, nanosSinceBoot()};
  start();
  order(deployment(std::string(kHelloWithLeases) + "sleep 0.5; exit 3"));
  EXPECT_THAT(next<runtime::WorkerExited>().cause, HasSubstr("status 3"));
  auto old = deployment(std::string(kHello) + "cat frames >&3; sleep 0.5; exit 4", 2);
  shipFrames(old, {update(old, runtime::TaskState::kRunning)});
  order(old);
  EXPECT_THAT(next<runtime::WorkerExited>().cause, HasSubstr("status 4"));
}

}  // namespace
}  // namespace weir::taskmanager
