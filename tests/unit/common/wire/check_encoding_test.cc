#include "common/wire/check_encoding.h"

#include <gtest/gtest.h>

#include "common/wire/encoding.h"
#include "tests/unit/common/wire/fixture.h"

namespace weir::wire {
namespace {

TEST(CheckEncodingTest, WhatIsCheckedComesBackAsItWas) {
  const runtime::CheckRestore check = testing::checkOfAll();
  const std::string bytes = encode(check);
  ASSERT_TRUE(isCheck(bytes));
  const auto back = decodeCheck(bytes);
  ASSERT_TRUE(back.has_value()) << back.error().text();
  EXPECT_EQ(back->done, check.done);
  EXPECT_EQ(back->program.arguments, check.program.arguments);
  ASSERT_EQ(back->restores.tasks.size(), 1U);
  EXPECT_EQ(back->restores.sectionsOf(back->restores.tasks[0].operators[0])[0].handle.location,
            "file:/s/state-1");
  EXPECT_EQ(encode(*back), bytes);
}

TEST(CheckEncodingTest, RefusesARestoreOfATaskThatTheGraphDoesNotHave) {
  runtime::CheckRestore check = testing::checkOfAll();
  check.restores.tasks[0].task.subtask = 1000;
  EXPECT_FALSE(decodeCheck(encode(check)).has_value());
}

TEST(CheckEncodingTest, OtherOrdersAreNoChecks) {
  EXPECT_FALSE(isCheck(encode(runtime::WorkerOrder(runtime::LeaseOrder{7}))));
  EXPECT_FALSE(isCheck("\xff\xff"));
  EXPECT_FALSE(decodeCheck(encode(runtime::WorkerOrder(runtime::LeaseOrder{7}))).has_value());
}

TEST(CheckEncodingTest, ReportsComeBackAsTheyWere) {
  runtime::CheckProblem problem;
  problem.id = OperatorId({7});
  problem.subtask = 3;
  problem.state = "seen";
  problem.key_group = 0;
  problem.file = "file:/s/state-1";
  problem.what = "does not fit";
  problem.entries = 12;
  const runtime::CheckStep step{OperatorId({7}), 3, state::CheckPhase::kOpen, "seen", 1 << 20};
  for (const runtime::CheckReport& report :
       {runtime::CheckReport(problem),
        runtime::CheckReport(step),
        runtime::CheckReport(runtime::OperatorChecked{OperatorId({7}), 5, 6}),
        runtime::CheckReport(runtime::CheckFailed{"another graph"}),
        runtime::CheckReport(runtime::CheckEnded{})}) {
    const auto back = decodeCheckReport(encode(report));
    ASSERT_TRUE(back.has_value()) << back.error().text();
    EXPECT_EQ(back->index(), report.index());
    EXPECT_EQ(encode(*back), encode(report));
  }
  const auto back = std::get<runtime::CheckProblem>(*decodeCheckReport(encode(problem)));
  EXPECT_EQ(back.key_group, 0U);  // And not none.
}

TEST(CheckEncodingTest, AWorkersGreetingSaysThatItCanBeChecked) {
  const auto report = decodeCheckReport(encode(runtime::WorkerReport(runtime::WorkerHello())));
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(std::get<runtime::CheckHello>(*report).checks);
}

TEST(CheckEncodingTest, RefusesReportsThatAreNone) {
  EXPECT_FALSE(decodeCheckReport("").has_value());
  EXPECT_FALSE(
      decodeCheckReport(encode(runtime::WorkerReport(runtime::LeaseTaken{3}))).has_value());
  EXPECT_FALSE(
      decodeCheckReport(encode(runtime::CheckReport(runtime::CheckStep{
                            OperatorId({7}), 0, static_cast<state::CheckPhase>(9), {}, 0})))
          .has_value());
}

}  // namespace
}  // namespace weir::wire
