#include "taskmanager/daemon/supervision/sweeper.h"

#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "taskmanager/daemon/supervision/process_table.h"

namespace weir::taskmanager {
namespace {

pid_t startInItsOwnSession(const std::string& directory) {
  const std::string mark = std::string(kWorkerMark) + "/tmp/" + directory + "/job-1";
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

}  // namespace
}  // namespace weir::taskmanager
