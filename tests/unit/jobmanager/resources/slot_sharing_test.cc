#include "jobmanager/resources/slot_sharing.h"

#include <gtest/gtest.h>

#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using testing::taskManagerId;

TEST(SlotSharing, NeedsTheLargestParallelismOfEachGroup) {
  graph::JobGraph graph;
  testing::addVertex(graph, "a", 2);
  testing::addVertex(graph, "b", 3);
  testing::addVertex(graph, "c", 4).slot_sharing_group = "other";
  EXPECT_EQ(slotsNeeded(graph), 7U);
}

TEST(SlotSharing, FillsTheTaskManagerWithTheMostFreeSlotsFirst) {
  const auto placement =
      place(testing::twoVertices(3), {{taskManagerId(1), 1}, {taskManagerId(2), 2}});
  ASSERT_TRUE(placement);
  EXPECT_EQ(placement->task_managers, (std::vector{taskManagerId(2), taskManagerId(1)}));
  EXPECT_EQ(placement->slots, (std::vector<std::uint32_t>{2, 1}));
  EXPECT_EQ(placement->tasks[1], (std::vector<std::uint32_t>{0, 0, 1}));
}

TEST(SlotSharing, LeavesTaskManagersOutThatItDoesNotNeed) {
  const auto placement =
      place(testing::twoVertices(2), {{taskManagerId(1), 2}, {taskManagerId(2), 2}});
  ASSERT_TRUE(placement);
  EXPECT_EQ(placement->task_managers.size(), 1U);
}

TEST(SlotSharing, IsNothingWhenSlotsAreShort) {
  EXPECT_FALSE(place(testing::twoVertices(3), {{taskManagerId(1), 2}}));
}

}  // namespace
}  // namespace weir::jobmanager
