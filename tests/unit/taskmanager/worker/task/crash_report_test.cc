#include "taskmanager/worker/task/crash_report.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::worker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(CrashReportTest, SaysWhichOperatorCalledExit) {
  const auto exit_at_work = [] {
    reportCrashes();
    functions::Work work{"A", 0};
    const functions::AtWork at_work(work, 7);
    std::exit(3);
  };
  EXPECT_EXIT(exit_at_work(),
              ::testing::ExitedWithCode(3),
              HasSubstr("weir: exited in operator 'A' after 7 records\n"));
}

TEST(CrashReportTest, SaysNothingOfAnExitOutsideOfOperators) {
  const auto exit_at_rest = [] {
    reportCrashes();
    std::exit(3);
  };
  EXPECT_EXIT(exit_at_rest(), ::testing::ExitedWithCode(3), Not(HasSubstr("weir: exited")));
}

}  // namespace
}  // namespace weir::worker
