#include "taskmanager/daemon/supervision/sweeper.h"

#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "taskmanager/daemon/supervision/cgroup.h"
#include "taskmanager/daemon/supervision/process_table.h"
#include "taskmanager/daemon/supervision/worker_cgroups.h"

namespace weir::taskmanager {
namespace {

pid_t startInItsOwnSession(const std::string& directory) {
  const std::string mark = std::string(kWorkerMark) + "=/tmp/" + directory + "/job-1";
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setsid();
    ::execlp("env", "env", mark.c_str(), "sleep", "1000", nullptr);
    ::_exit(1);
  }
  while (!environmentHas(pid, kWorkerMark, "/" + directory + "/")) {
    ::usleep(1000);
  }
  return pid;
}

TEST(SweeperTest, KillsWhatWorkersHaveStartedOnceItsOwnerIsGoneAndNothingElse) {
  const std::string ours = "weir-tm-ours" + std::to_string(::getpid());
  const pid_t child = startInItsOwnSession(ours);
  const pid_t other = startInItsOwnSession("weir-tm-other" + std::to_string(::getpid()));
  auto sweeper = startSweeper(WEIR_LAUNCHER, ours);
  ASSERT_TRUE(sweeper) << sweeper.error().text();
  ::usleep(200'000);
  EXPECT_EQ(::waitpid(child, nullptr, WNOHANG), 0) << "killed while its owner lives";
  sweeper->reset();
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(::waitpid(other, nullptr, WNOHANG), 0);
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
}

TEST(SweeperTest, EmptiesAndRemovesTheGroupOfItsOwner) {
  const std::string ours = "weir-tm-group" + std::to_string(::getpid());
  const auto opened = WorkerCgroups::open(ours);
  if (!opened) {
    GTEST_SKIP() << "no control groups are delegated: " << opened.error().text();
  }
  const std::string group = (*opened)->path() + "/job-1";
  ASSERT_EQ(::mkdir(group.c_str(), 0755), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    enterGroup(group);
    ::execlp("sleep", "sleep", "1000", nullptr);  // Without a mark in its environment.
    ::_exit(1);
  }
  while (processesOfGroup(group).empty()) {
    ::usleep(1000);
  }
  auto sweeper = startSweeper(WEIR_LAUNCHER, ours, (*opened)->path());
  ASSERT_TRUE(sweeper) << sweeper.error().text();
  sweeper->reset();
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status));
  for (int i = 0; i < 1000 && ::access((*opened)->path().c_str(), F_OK) == 0; ++i) {
    ::usleep(10'000);
  }
  EXPECT_NE(::access((*opened)->path().c_str(), F_OK), 0);
}

}  // namespace
}  // namespace weir::taskmanager
