#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/schema/state_kinds.h"
#include "common/snapshot/state_matching.h"
#include "tests/unit/jobmanager/job_graphs.h"

/// State that a snapshot has and its operator's function does not declare, but may ask for in
/// open(), and single states that are left out.
namespace weir::snapshot {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

record::Schema schemaOf(record::SchemaKind kind, std::uint32_t width) {
  record::Schema schema;
  schema.kind = kind;
  schema.width = width;
  return schema;
}
const record::Schema kInteger = schemaOf(record::SchemaKind::kInt, 8);
const record::Schema kString = schemaOf(record::SchemaKind::kString, 0);

class LateStateMatchingTest : public ::testing::Test {
 protected:
  LateStateMatchingTest() {
    old_.id = testing::operatorId(2);
    old_.uid = "count/of";
    old_.name = "count";
    old_.kind = "map";
    old_.parallelism = 2;
    for (std::uint32_t subtask = 0; subtask < 2; ++subtask) {
      runtime::SubtaskState part;
      part.subtask = subtask;
      part.handle.storage = runtime::SectionHandle::Storage::kFile;
      part.handle.location = "part-" + std::to_string(subtask);
      part.handle.size = 20;
      old_.subtasks.push_back(part);
    }
    old_.states = {{"seen", state::StateKind::kValue, kInteger, kInteger, false, 3, 30}};
  }
  Result<RestorePlan> match() {
    runtime::CheckpointMetadata metadata;
    metadata.operators = {old_};
    return matchState(metadata, graph_, request_);
  }
  std::string refusal() {
    auto plan = match();
    return plan ? "matched" : plan.error().text();
  }
  void setParallelism(std::uint32_t parallelism) {
    graph_.vertices[1].parallelism = graph_.operators[1].parallelism = parallelism;
  }
  graph::JobOperator& now() { return graph_.operators[1]; }

  runtime::SavedOperator old_;
  graph::JobGraph graph_ = testing::twoVertices(2);  // Its functions may ask late.
  runtime::RestoreRequest request_{
      .path = "/s", .allow_non_restored = false, .drop = {}, .renamed = {}};
};

TEST_F(LateStateMatchingTest, KeepsUndeclaredStateForTheTasksToAskFor) {
  for (const bool late_before : {false, true}) {
    for (const std::uint32_t parallelism : {2U, 3U}) {
      old_.states[0].declared_late = late_before;
      setParallelism(parallelism);
      const auto plan = match();
      ASSERT_TRUE(plan) << plan.error().text();
      ASSERT_EQ(plan->restores.tasks.size(), parallelism);
      for (const runtime::TaskRestore& task : plan->restores.tasks) {
        EXPECT_EQ(task.operators[0].unclaimed, state::Unclaimed::kRefused);
        EXPECT_THAT(task.operators[0].dropped, IsEmpty());
        EXPECT_GT(task.operators[0].count, 0U);
      }
      EXPECT_THAT(plan->report.matched,
                  ElementsAre(AllOf(HasSubstr("1 state, 40 bytes"),
                                    HasSubstr("state 'seen' must be asked for in open()"),
                                    HasSubstr("the job fails"))));
    }
  }
}

TEST_F(LateStateMatchingTest, RefusesItWhereTheFunctionHasNoOpenToAskIn) {
  now().all_states_declared = true;
  for (const bool late_before : {false, true}) {
    old_.states[0].declared_late = late_before;
    EXPECT_THAT(refusal(),
                AllOf(HasSubstr("state 'seen' of operator 'count'"),
                      HasSubstr("(3 entries, 30 bytes) matches nothing")));
  }
}

TEST_F(LateStateMatchingTest, RefusesOperatorStateThatTheFunctionDoesNotHave) {
  old_.states[0].kind = state::StateKind::kOperatorList;
  EXPECT_THAT(refusal(), HasSubstr("matches nothing"));
}

TEST_F(LateStateMatchingTest, ComparesWhatWasLateAndIsDeclaredNow) {
  old_.states[0].declared_late = true;
  now().states = {{"seen", state::StateKind::kValue, kInteger, kString}};
  EXPECT_THAT(refusal(), HasSubstr("cannot be read as the program's type"));
  now().states[0].value = kInteger;
  EXPECT_EQ(refusal(), "matched");
  now().states[0].kind = state::StateKind::kReducing;
  EXPECT_THAT(refusal(), HasSubstr("is of kind value in the savepoint and reducing"));
}

TEST_F(LateStateMatchingTest, LeavesOutWithNWhatNobodyAsksFor) {
  request_.allow_non_restored = true;
  const auto plan = match();
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_EQ(plan->restores.tasks[0].operators[0].unclaimed, state::Unclaimed::kLeftOut);
  EXPECT_THAT(plan->report.matched, IsEmpty());
  EXPECT_THAT(plan->report.dropped,
              ElementsAre(AllOf(HasSubstr("state 'seen'"), HasSubstr("unless it is asked for"))));
  EXPECT_THAT(plan->report.empty, Contains(HasSubstr("'count' (uid count, ")));
  old_.states[0].declared_late = true;
  EXPECT_THAT(match()->report.matched, ElementsAre(HasSubstr("left out where nobody asks")));
}

TEST_F(LateStateMatchingTest, LeavesOutAtOnceWhatIsEmpty) {
  old_.states[0].entries = 0;
  const auto plan = match();
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_THAT(plan->restores.tasks[0].operators[0].dropped, ElementsAre("seen"));
}

TEST_F(LateStateMatchingTest, KeepsAllForARestartOfTheSameProgram) {
  runtime::CheckpointMetadata metadata;
  metadata.operators = {old_};
  const RestorePlan plan = restoreSame(metadata, graph_);
  EXPECT_EQ(plan.restores.tasks[0].operators[0].unclaimed, state::Unclaimed::kKept);
}

TEST_F(LateStateMatchingTest, DropsOneStateByUidAndName) {
  now().states = {{"seen", state::StateKind::kValue, kInteger, kString},
                  {"last", state::StateKind::kValue, kInteger, kInteger}};
  old_.states.push_back({"last", state::StateKind::kValue, kInteger, kInteger, false, 1, 10});
  request_.drop = {"count/of/seen"};
  const auto plan = match();
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_THAT(plan->restores.tasks[0].operators[0].dropped, ElementsAre("seen"));
  EXPECT_THAT(plan->report.matched, ElementsAre(HasSubstr("1 state, 10 bytes")));
  EXPECT_THAT(plan->report.dropped, ElementsAre(HasSubstr("state 'seen' of operator 'count'")));
  request_.drop = {"count/of/nothing"};
  EXPECT_THAT(refusal(), HasSubstr("--drop count/of/nothing: the savepoint has no operator"));
}

TEST_F(LateStateMatchingTest, LetsParallelismChangeWhereStatePerSubtaskIsDropped) {
  old_.states.push_back({"checkpointed", state::StateKind::kOperator, {}, kInteger, false, 2, 10});
  old_.fixed_parallelism_state = true;
  now().states = {{"checkpointed", state::StateKind::kOperator, {}, kInteger}};
  setParallelism(3);
  EXPECT_THAT(refusal(), HasSubstr("it was 2 in the savepoint and is 3 in the program"));
  request_.drop = {"count/of/checkpointed"};
  EXPECT_EQ(refusal(), "matched");
}

}  // namespace
}  // namespace weir::snapshot
