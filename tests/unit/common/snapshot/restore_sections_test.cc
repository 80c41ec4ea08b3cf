#include "common/snapshot/restore_sections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/schema/state_kinds.h"
#include "common/wire/encoding.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::snapshot {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RestoreSectionsTest : public ::testing::Test {
 protected:
  /// What "count" stored at `parallelism`, `bytes` in each subtask.
  static runtime::CheckpointMetadata snapshot(std::uint32_t parallelism,
                                              state::StateKind kind,
                                              std::uint64_t bytes = 1) {
    runtime::CheckpointMetadata metadata;
    runtime::SavedOperator state;
    state.id = testing::operatorId(2);
    state.name = "count";
    state.parallelism = parallelism;
    state.states.resize(1);
    state.states[0].kind = kind;
    for (std::uint32_t subtask = 0; subtask < parallelism; ++subtask) {
      runtime::SubtaskState part;
      part.subtask = subtask;
      part.handle.storage = runtime::SectionHandle::Storage::kInline;
      part.handle.bytes = std::string(bytes, 'x');
      part.handle.size = bytes;
      state.subtasks.push_back(part);
    }
    metadata.operators = {state};
    return metadata;
  }
  static graph::JobGraph graphOf(std::uint32_t parallelism) {
    graph::JobGraph graph = testing::twoVertices(parallelism);
    for (auto& vertex : graph.vertices) {
      vertex.parallelism = parallelism;
    }
    for (auto& one : graph.operators) {
      one.parallelism = parallelism;
    }
    return graph;
  }
  static runtime::Restores restore(const runtime::CheckpointMetadata& metadata,
                                   std::uint32_t parallelism) {
    const OperatorMatches matches = {{testing::operatorId(2), &metadata.operators[0]}};
    return distribute(metadata, graphOf(parallelism), matches, {}, state::Unclaimed::kKept);
  }
  static std::vector<std::uint32_t> subtasksOf(const runtime::Restores& restores,
                                               std::size_t task) {
    std::vector<std::uint32_t> subtasks;
    for (const auto& one : restores.sectionsOf(restores.tasks.at(task).operators.at(0))) {
      subtasks.push_back(one.old_subtask);
    }
    return subtasks;
  }
  /// Of the message that deploys the whole restore on one task manager.
  static std::size_t messageBytes(const runtime::CheckpointMetadata& metadata,
                                  std::uint32_t parallelism) {
    runtime::Deployment deployment;
    deployment.graph = graphOf(parallelism);
    deployment.workers.resize(1);
    deployment.placement = {std::vector<std::uint32_t>(parallelism),
                            std::vector<std::uint32_t>(parallelism)};
    deployment.restores = restore(metadata, parallelism);
    const std::string bytes = wire::encode(runtime::WorkerOrder(deployment));
    EXPECT_TRUE(wire::decodeWorkerOrder(bytes).has_value());
    return bytes.size();
  }
};

TEST_F(RestoreSectionsTest, AListThatIsSpreadAnewStandsInTheMessageOnce) {
  const auto old = snapshot(40, state::StateKind::kOperatorList, 60'000);
  EXPECT_GT(messageBytes(old, 41), 40U * 60'000U);
  EXPECT_LT(messageBytes(old, 41), 41U * 60'000U);  // 98 MB were each subtask given its own.
}

TEST_F(RestoreSectionsTest, TheMessageGrowsWithTheParallelismAndNotWithItsSquare) {
  for (const auto kind : {state::StateKind::kOperatorList, state::StateKind::kValue}) {
    const std::size_t once = messageBytes(snapshot(500, kind), 501);
    const std::size_t twice = messageBytes(snapshot(1000, kind), 1001);
    EXPECT_LT(twice, once * 21 / 10) << state::toString(kind);
  }
}

TEST_F(RestoreSectionsTest, AtTheSameParallelismEachSubtaskHasItsOwn) {
  auto old = snapshot(3, state::StateKind::kOperatorList);
  old.operators[0].subtasks[1].handle = {};
  old.operators[0].subtasks[2].finished = true;
  const auto restores = restore(old, 3);
  EXPECT_THAT(subtasksOf(restores, 0), ElementsAre(0));
  EXPECT_THAT(subtasksOf(restores, 1), IsEmpty());
  EXPECT_THAT(subtasksOf(restores, 2), ElementsAre(2));
  EXPECT_FALSE(restores.tasks[0].operators[0].finished);
  EXPECT_TRUE(restores.tasks[2].operators[0].finished);
}

TEST_F(RestoreSectionsTest, ListsGoToAllAndKeyedStateToWhoseKeyGroupsItMeets) {
  const auto list = restore(snapshot(2, state::StateKind::kOperatorList), 3);
  const auto keyed = restore(snapshot(2, state::StateKind::kValue), 3);
  for (std::size_t task = 0; task < 3; ++task) {
    EXPECT_THAT(subtasksOf(list, task), ElementsAre(0, 1));
  }
  EXPECT_THAT(subtasksOf(keyed, 0), ElementsAre(0));
  EXPECT_THAT(subtasksOf(keyed, 1), ElementsAre(0, 1));
  EXPECT_THAT(subtasksOf(keyed, 2), ElementsAre(1));
}

TEST_F(RestoreSectionsTest, SubtasksThatStoredNothingLeaveNoHole) {
  auto old = snapshot(4, state::StateKind::kValue);
  old.operators[0].subtasks[1].handle = {};
  old.operators[0].subtasks[2].handle = {};
  const auto restores = restore(old, 2);
  EXPECT_THAT(subtasksOf(restores, 0), ElementsAre(0));
  EXPECT_THAT(subtasksOf(restores, 1), ElementsAre(3));
}

}  // namespace
}  // namespace weir::snapshot
