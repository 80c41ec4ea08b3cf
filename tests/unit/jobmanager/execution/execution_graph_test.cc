#include "jobmanager/execution/execution_graph.h"

#include <gtest/gtest.h>

#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using runtime::JobState;
using runtime::TaskState;

runtime::TaskUpdate update(std::uint8_t vertex, std::uint32_t subtask, TaskState state) {
  runtime::TaskUpdate one;
  one.task = {testing::operatorId(vertex), subtask};
  one.state = state;
  return one;
}

TEST(ExecutionGraph, RefusesTransitionsThatFlinkDoesNotKnow) {
  ExecutionGraph graph(testing::twoVertices(), 1);
  EXPECT_FALSE(graph.transition(JobState::kFinished, 2));
  EXPECT_TRUE(graph.transition(JobState::kRunning, 3));
  EXPECT_TRUE(graph.transition(JobState::kFinished, 4));
  EXPECT_FALSE(graph.transition(JobState::kFailing, 5));
}

TEST(ExecutionGraph, IgnoresWhatATaskSaysAfterItsEnd) {
  ExecutionGraph graph(testing::twoVertices(1), 1);
  EXPECT_TRUE(graph.apply(update(1, 0, TaskState::kRunning), 2));
  EXPECT_TRUE(graph.apply(update(1, 0, TaskState::kFailed), 3));
  EXPECT_FALSE(graph.apply(update(1, 0, TaskState::kRunning), 4));
  EXPECT_FALSE(graph.apply(update(1, 7, TaskState::kRunning), 4));
}

TEST(ExecutionGraph, ANewAttemptForgetsTheTimesOfTheOld) {
  ExecutionGraph graph(testing::twoVertices(1), 1);
  graph.apply(update(1, 0, TaskState::kRunning), 2);
  graph.beginAttempt(AttemptId(2), 9);
  EXPECT_EQ(graph.vertices()[0].subtasks[0].timestamps[4], 0);
  EXPECT_EQ(graph.vertices()[0].subtasks[0].attempt, 2U);
}

TEST(ExecutionGraph, InputsHaveEndedWhenEveryTaskSaidSo) {
  ExecutionGraph graph(testing::twoVertices(1), 1);
  runtime::TaskUpdate first = update(1, 0, TaskState::kRunning);
  first.input_ended = true;
  graph.apply(first, 2);
  EXPECT_FALSE(graph.allInputsEnded());
  runtime::TaskUpdate second = update(2, 0, TaskState::kRunning);
  second.input_ended = true;
  graph.apply(second, 3);
  EXPECT_TRUE(graph.allInputsEnded());
}

TEST(ExecutionGraph, RemembersWhenATaskTookNoInputLast) {
  ExecutionGraph graph(testing::twoVertices(1), 1);
  runtime::TaskUpdate held = update(2, 0, TaskState::kRunning);
  held.hold = {.operator_name = "ask", .full = "queue", .millis = 200};
  graph.apply(held, 1000);
  const HeldTask& known = graph.find(held.task)->held;
  EXPECT_EQ(known.since, 800);
  EXPECT_EQ(known.until, 0);
  graph.apply(update(2, 0, TaskState::kRunning), 1500);
  graph.apply(update(2, 0, TaskState::kRunning), 1700);
  EXPECT_EQ(known.full, "queue");
  EXPECT_EQ(known.since, 800);
  EXPECT_EQ(known.until, 1500);
}

TEST(ExecutionGraph, TellsOfAccumulatorsOfOneNameAndDifferentTypesInTwoTasks) {
  ExecutionGraph graph(testing::twoVertices(1), 1);
  runtime::TaskUpdate first = update(1, 0, TaskState::kRunning);
  first.accumulators = {{"records", "LongCounter", "1"}};
  graph.apply(first, 2);
  EXPECT_FALSE(graph.accumulatorClash().has_value());
  runtime::TaskUpdate second = update(2, 0, TaskState::kRunning);
  second.accumulators = {{"records", "IntCounter", "2"}};
  graph.apply(second, 3);
  ASSERT_TRUE(graph.accumulatorClash().has_value());
  const std::string text = graph.accumulatorClash()->text();
  for (const std::string& named : {std::string("'records'"),
                                   "LongCounter in task " + graph.describe(first.task),
                                   "IntCounter in task " + graph.describe(second.task)}) {
    EXPECT_NE(text.find(named), text.npos) << text;
  }
  graph.beginAttempt(AttemptId(2), 9);
  EXPECT_FALSE(graph.accumulatorClash().has_value());
}

}  // namespace
}  // namespace weir::jobmanager
