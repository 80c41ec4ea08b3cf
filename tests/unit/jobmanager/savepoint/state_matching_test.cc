#include "jobmanager/savepoint/state_matching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/state/kinds.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

record::Schema integer(std::uint32_t width) {
  record::Schema schema;
  schema.kind = record::SchemaKind::kInt;
  schema.width = width;
  return schema;
}

class StateMatchingTest : public ::testing::Test {
 protected:
  StateMatchingTest() {
    graph_.operators[1].states = {{"seen", state::StateKind::kValue, integer(8), integer(8)}};
  }

  /// A snapshot of "count" with two subtasks that hold "seen".
  runtime::CheckpointMetadata snapshot(std::uint32_t parallelism = 2) {
    runtime::CheckpointMetadata metadata;
    metadata.data_directory = "file:/data/chk-1";
    runtime::OperatorState state;
    state.id = testing::operatorId(2);
    state.uid = "count";
    state.name = "count";
    state.kind = "map";
    state.parallelism = parallelism;
    runtime::StateInfo info;
    info.name = "seen";
    info.kind = state::StateKind::kValue;
    info.key = integer(8);
    info.value = integer(8);
    info.entries = 3;
    info.bytes = 30;
    state.states = {info};
    for (std::uint32_t subtask = 0; subtask < parallelism; ++subtask) {
      runtime::SubtaskState part;
      part.subtask = subtask;
      part.handle.storage = runtime::StateHandle::Storage::kFile;
      part.handle.location = "part-" + std::to_string(subtask);
      part.handle.size = 10;
      state.subtasks.push_back(part);
    }
    metadata.operators = {state};
    return metadata;
  }
  std::string refusal(const runtime::CheckpointMetadata& metadata) {
    auto plan = matchState(metadata, graph_, request_);
    return plan ? "matched" : plan.error().text();
  }

  graph::JobGraph graph_ = testing::twoVertices(2);
  runtime::RestoreRequest request_{
      .path = "/s", .allow_non_restored = false, .drop = {}, .renamed = {}};
};

TEST_F(StateMatchingTest, GivesEachSubtaskItsOwnSection) {
  auto plan = matchState(snapshot(), graph_, request_);
  ASSERT_TRUE(plan) << plan.error().text();
  ASSERT_THAT(plan->tasks, SizeIs(2));
  EXPECT_EQ(plan->tasks[1].task.subtask, 1U);
  ASSERT_THAT(plan->tasks[1].operators[0].sections, SizeIs(1));
  EXPECT_EQ(plan->tasks[1].operators[0].sections[0].handle.location, "file:/data/chk-1/part-1");
  EXPECT_THAT(plan->report.matched, ElementsAre(HasSubstr("uid count")));
  EXPECT_THAT(plan->report.empty, ElementsAre(HasSubstr("source")));
}

TEST_F(StateMatchingTest, RefusesStateThatMatchesNothingAndNamesTheNearest) {
  graph_.operators[1].id = testing::operatorId(9);
  graph_.operators[1].uid = "counts";
  const std::string text = refusal(snapshot());
  EXPECT_THAT(text, HasSubstr("uid count, id 00000000000000000000000000000002), 20 bytes"));
  EXPECT_THAT(text, HasSubstr("nearest: 'count' (uid counts"));
}

TEST_F(StateMatchingTest, LeavesStateOutWhereTheUserSaysSo) {
  graph_.operators[1].id = testing::operatorId(9);
  graph_.operators[1].uid = "counts";
  request_.drop = {"count"};
  EXPECT_EQ(refusal(snapshot()), "matched");
  request_.drop.clear();
  request_.allow_non_restored = true;
  auto plan = matchState(snapshot(), graph_, request_);
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->tasks, IsEmpty());
  EXPECT_THAT(plan->report.dropped, SizeIs(1));
}

TEST_F(StateMatchingTest, FollowsARename) {
  graph_.operators[1].id = testing::operatorId(9);
  graph_.operators[1].uid = "counts";
  request_.renamed = {{"count", "counts"}};
  auto plan = matchState(snapshot(), graph_, request_);
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_EQ(plan->tasks[0].operators[0].id, testing::operatorId(9));
}

TEST_F(StateMatchingTest, RefusesNamesThatNameNothing) {
  request_.drop = {"nobody"};
  EXPECT_THAT(refusal(snapshot()), HasSubstr("--drop nobody"));
}

TEST_F(StateMatchingTest, GivesSectionsByKeyGroupsAtAnotherParallelism) {
  for (auto& vertex : graph_.vertices) {
    vertex.parallelism = 4;
  }
  graph_.operators[1].parallelism = 4;
  auto plan = matchState(snapshot(), graph_, request_);
  ASSERT_TRUE(plan) << plan.error().text();
  ASSERT_THAT(plan->tasks, SizeIs(4));
  ASSERT_THAT(plan->tasks[3].operators[0].sections, SizeIs(1));
  EXPECT_EQ(plan->tasks[3].operators[0].sections[0].old_subtask, 1U);
}

TEST_F(StateMatchingTest, RefusesAnotherParallelismForStatePerSubtaskAlsoWithN) {
  auto metadata = snapshot(3);
  metadata.operators[0].fixed_parallelism_state = true;
  request_.allow_non_restored = true;
  EXPECT_THAT(refusal(metadata), HasSubstr("it was 3 in the savepoint and is 2 in the program"));
  request_.drop = {"count"};
  EXPECT_EQ(refusal(metadata), "matched");
}

TEST_F(StateMatchingTest, RefusesAnotherMaximumParallelismWithBothNumbers) {
  graph_.operators[1].max_parallelism = 128;
  EXPECT_THAT(refusal(snapshot()),
              HasSubstr("was 4096 in the savepoint and is 128 in the program"));
}

TEST_F(StateMatchingTest, ShowsBothSchemasWhereTheyDoNotFit) {
  record::Schema text;
  text.kind = record::SchemaKind::kString;
  graph_.operators[1].states[0].value = text;
  EXPECT_THAT(refusal(snapshot()), HasSubstr("program:   string"));
}

TEST_F(StateMatchingTest, RefusesGeneratedIdsThatMoreOperatorsShareThanBefore) {
  auto metadata = snapshot();
  metadata.operators[0].uid = "";
  graph_.operators[1].uid = "";
  graph_.operators[1].siblings = 2;
  EXPECT_THAT(refusal(metadata), HasSubstr("set uids"));
}

}  // namespace
}  // namespace weir::jobmanager
