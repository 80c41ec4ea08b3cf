#include "taskmanager/daemon/supervision/exit_cause.h"

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::taskmanager {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

const std::string kJob(32, '0');

std::string describe(ProcessExit exit, WorkerStage stage, std::deque<std::string> lines = {}) {
  return describeExit(JobId(), "host-1", exit, stage, lines);
}

TEST(ExitCauseTest, NamesTheSignal) {
  EXPECT_EQ(describe({true, SIGSEGV}, WorkerStage::kRunning),
            "worker process of job " + kJob + " on host-1 ended by signal 11 (SIGSEGV)");
}

TEST(ExitCauseTest, SuspectsTheKernelOfAKillThatWasNotOurs) {
  EXPECT_THAT(describe({true, SIGKILL}, WorkerStage::kRunning),
              HasSubstr("signal 9 (SIGKILL), which its task manager did not send"));
}

TEST(ExitCauseTest, NamesTheStatusAndHowFarItCame) {
  EXPECT_THAT(describe({false, 3}, WorkerStage::kStarting),
              EndsWith("exited with status 3 before it asked for its execution environment"));
  EXPECT_THAT(describe({false, 3}, WorkerStage::kRunning),
              EndsWith("exited with status 3 before its tasks had ended"));
}

TEST(ExitCauseTest, NamesAMissingLibrary) {
  const std::string line =
      "job: error while loading shared libraries: libfoo.so.1: cannot open shared object file: No "
      "such file or directory";
  EXPECT_EQ(describe({false, 127}, WorkerStage::kStarting, {line}),
            "the program of job " + kJob +
                " cannot be started on host-1: libfoo.so.1: cannot open shared object file: No "
                "such file or directory; submit it from a machine where that library is found, or "
                "install it");
}

TEST(ExitCauseTest, PassesOnWhyTheLauncherCouldNotStartIt) {
  EXPECT_THAT(describe({false, kLauncherFailed},
                       WorkerStage::kStarting,
                       {"weir-launcher: execute job: Exec format error"}),
              EndsWith("cannot be started on host-1: execute job: Exec format error"));
}

TEST(ExitCauseTest, AppendsTheLastLinesIndented) {
  EXPECT_EQ(withLastLines("it ended", {"a", "b"}),
            "it ended; the last lines of its standard error:\n  a\n  b");
  EXPECT_EQ(withLastLines("it ended", {}), "it ended");
}

}  // namespace
}  // namespace weir::taskmanager
