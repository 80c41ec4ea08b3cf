#include "taskmanager/daemon/supervision/exit_cause.h"

#include <csignal>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::taskmanager {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

const std::string kJob(32, '0');

StderrTail said(const std::vector<std::string>& lines) {
  StderrTail tail;
  for (const std::string& line : lines) {
    tail.add(line + "\n");
  }
  return tail;
}

std::string describe(ProcessExit exit,
                     WorkerStage stage,
                     const std::vector<std::string>& lines = {}) {
  return describeExit(JobId(), "host-1", exit, stage, said(lines)).text;
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

TEST(ExitCauseTest, AProgramThatCannotBeStartedHereIsNotTriedAgain) {
  const auto for_good = [](const std::string& line) {
    return describeExit(
               JobId(), "host-1", {false, kLauncherFailed}, WorkerStage::kStarting, said({line}))
        .unrecoverable;
  };
  EXPECT_TRUE(for_good("weir-launcher: execute job: Exec format error"));
  EXPECT_TRUE(for_good("job: error while loading shared libraries: libfoo.so.1: cannot open"));
  EXPECT_FALSE(for_good("weir-launcher: execute job: Text file busy"));
}

TEST(ExitCauseTest, SaysInWhichOperatorAWorkerCrashedThoughItSaidMuchBefore) {
  std::vector<std::string> lines{"weir: crashed in operator 'Parse' after 7 records"};
  EXPECT_THAT(describe({true, SIGSEGV}, WorkerStage::kRunning, lines),
              EndsWith("signal 11 (SIGSEGV) in operator 'Parse' after 7 records"));
  lines.insert(lines.begin(), 500, "chatter");
  EXPECT_THAT(describe({true, SIGSEGV}, WorkerStage::kRunning, lines),
              EndsWith("in operator 'Parse' after 7 records"));
}

TEST(ExitCauseTest, AppendsTheFirstAndLastLinesIndented) {
  EXPECT_EQ(withLines("it ended", said({"a", "b"})),
            "it ended; the last lines of its standard error:\n  a\n  b");
  EXPECT_EQ(withLines("it ended", said({})), "it ended");
  std::vector<std::string> many(60, "x");
  many.front() = "first";
  EXPECT_THAT(withLines("it ended", said(many)),
              HasSubstr("the first and the last lines of its standard error:\n  first\n"));
}

TEST(ExitCauseTest, SaysWhereLinesAreThatItLeavesOut) {
  EXPECT_THAT(withLines("it ended", said(std::vector<std::string>(60, "x")), "/logs/tm.log"),
              HasSubstr("\n  ... 10 more lines in /logs/tm.log ...\n"));
}

TEST(ExitCauseTest, SaysWhichOperatorCalledExit) {
  const StderrTail tail = said({"bye", "weir: exited in operator 'A' after 7 records"});
  EXPECT_THAT(
      describeExit(JobId(), "host", {.signaled = false, .number = 3}, WorkerStage::kRunning, tail)
          .text,
      HasSubstr("exited with status 3 before its tasks had ended in operator 'A' after 7 records"));
}

TEST(ExitCauseTest, MakesNamesInAStackReadable) {
  EXPECT_THAT(
      withLines("it hangs",
                said({"./job(_ZThn400_N4weir9functions16OneInputOperatorIiE7receiveEi+0x3)[0x5]"})),
      HasSubstr("(non-virtual thunk to weir::functions::OneInputOperator<int>::receive(int)+0x3)"));

  EXPECT_THAT(withLines("it ended", said({"./job(_ZN3foo3barEi+0x1f)[0x55]"})),
              HasSubstr("./job(foo::bar(int)+0x1f)[0x55]"));
}

}  // namespace
}  // namespace weir::taskmanager
