#include "common/runtime/restores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/runtime/deployment_size.h"

namespace weir::runtime {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr OperatorId kCount = OperatorId({1});
constexpr OperatorId kIndex = OperatorId({2});

RestoreSection section(std::uint32_t old_subtask, std::uint64_t bytes = 1) {
  RestoreSection one;
  one.old_subtask = old_subtask;
  one.handle.storage = SectionHandle::Storage::kInline;
  one.handle.bytes = std::string(bytes, 'x');
  one.handle.size = bytes;
  return one;
}

OperatorRestoreOrder orderOf(std::uint32_t list, std::uint32_t first, std::uint32_t count) {
  OperatorRestoreOrder order;
  order.id = list == 0 ? kCount : kIndex;
  order.old_parallelism = 8;
  order.list = list;
  order.first = first;
  order.count = count;
  return order;
}

std::vector<std::uint32_t> subtasksOf(const Restores& restores, const OperatorRestoreOrder& order) {
  std::vector<std::uint32_t> subtasks;
  for (const RestoreSection& one : restores.sectionsOf(order)) {
    subtasks.push_back(one.old_subtask);
  }
  return subtasks;
}

TEST(RestoresTest, AShareHoldsWhatItsTasksNeedAndNothingElse) {
  Restores all;
  all.lists = {{section(0), section(1)},
               {section(0), section(2), section(4), section(5), section(7)}};
  all.tasks = {{{kIndex, 0}, {orderOf(1, 1, 1)}},
               {{kIndex, 1}, {orderOf(1, 3, 2)}},
               {{kIndex, 2}, {orderOf(1, 0, 0)}},
               {{kCount, 0}, {orderOf(0, 0, 2)}}};
  const Restores share = shareOf(all, {&all.tasks[0], &all.tasks[1], &all.tasks[2]});
  ASSERT_THAT(share.tasks, SizeIs(3));
  EXPECT_THAT(share.lists, SizeIs(1));
  EXPECT_THAT(share.lists[0], SizeIs(3));
  EXPECT_THAT(subtasksOf(share, share.tasks[0].operators[0]), ElementsAre(2));
  EXPECT_THAT(subtasksOf(share, share.tasks[1].operators[0]), ElementsAre(5, 7));
  EXPECT_THAT(subtasksOf(share, share.tasks[2].operators[0]), IsEmpty());
}

TEST(RestoresTest, KnowsWhatRepeatedSectionsWouldTakeWithoutTakingIt) {
  Restores all;
  all.lists = {{section(0, 1'000'000), section(1, 2'000'000)}};
  all.tasks = {{{kCount, 0}, {orderOf(0, 0, 2)}}, {{kCount, 1}, {orderOf(0, 1, 1)}}};
  EXPECT_GT(bytesOfRepeated(all), 5'000'000U);
  EXPECT_LT(bytesOfRepeated(all), 5'001'000U);
}

class DeploymentSizeTest : public ::testing::Test {
 protected:
  DeploymentSizeTest() {
    deployment_.execution.job = JobId(Bytes16{9});
    deployment_.graph.change([](graph::JobGraph& graph) {
      graph.name = "my job";
      graph.operators.resize(1);
      graph.operators[0].id = kCount;
      graph.operators[0].name = "Count per word";
    });
    deployment_.restores.lists = {{section(0, 1000)}};
    deployment_.restores.tasks = {{{kCount, 0}, {orderOf(0, 0, 1)}}};
  }
  std::string sentence(std::uint64_t bytes) {
    return deploymentTooLarge(deployment_, "host-1", bytes, "the 7 that x allows");
  }
  Deployment deployment_;
};

TEST_F(DeploymentSizeTest, NamesJobHostAndTheOperatorWhoseStateIsTooMuch) {
  EXPECT_THAT(sentence(1100),
              AllOf(HasSubstr("of job 09000000000000000000000000000000 ('my job') on host-1"),
                    HasSubstr("has 1100 bytes, more than the 7 that x allows"),
                    HasSubstr("operator 'Count per word' lies takes 1048 of them"),
                    HasSubstr("state.backend: filesystem")));
}

TEST_F(DeploymentSizeTest, NamesTheGraphWhereThatIsTooMuch) {
  EXPECT_THAT(sentence(1'000'000), HasSubstr("its job graph and arguments take most of them"));
}

TEST_F(DeploymentSizeTest, NamesNoJobIdWhereAWorkerDiscardsHandles) {
  DiscardHandles discards;
  discards.graph.change([](graph::JobGraph& graph) { graph.name = "my job"; });
  EXPECT_THAT(deploymentTooLarge(discards, "host-1", 1100, "the 7 that x allows"),
              HasSubstr("that discards state handles of job 'my job' on host-1 has 1100 bytes"));
}

}  // namespace
}  // namespace weir::runtime
