#include "taskmanager/daemon/supervision/state_usages.h"

#include <gtest/gtest.h>

namespace weir::taskmanager {
namespace {

runtime::TaskUpdate updateOf(std::uint32_t subtask, std::vector<runtime::StateUsage> states) {
  runtime::TaskUpdate update;
  update.task.subtask = subtask;
  update.metrics.states = std::move(states);
  return update;
}
runtime::StateUsage usage(const std::string& state, std::uint64_t keys, std::uint64_t mib) {
  return {OperatorId(), "count", state, keys, mib << 20, 0};
}

TEST(StateUsagesTest, NamesTheLargestStatesOfAllSubtasksTogether) {
  StateUsages usages;
  EXPECT_EQ(usages.largest(), "");
  usages.note(updateOf(0, {usage("a", 1, 10), usage("b", 100, 7)}));
  usages.note(updateOf(1, {usage("b", 200, 8), usage("c", 3, 1), usage("d", 4, 0)}));
  usages.note(updateOf(1, {}));  // Says nothing of its states.
  EXPECT_EQ(usages.largest(),
            "; of that about 15 MiB by state 'b' of operator 'count' with 300 keys, 10 MiB by "
            "state 'a' of operator 'count' with 1 key, 1 MiB by state 'c' of operator 'count' "
            "with 3 keys");
}

TEST(StateUsagesTest, CountsWhatATaskSaidLast) {
  StateUsages usages;
  usages.note(updateOf(0, {usage("a", 1, 10)}));
  usages.note(updateOf(0, {usage("a", 5, 20)}));
  EXPECT_EQ(usages.largest(),
            "; of that about 20 MiB by state 'a' of operator 'count' with 5 keys");
}

}  // namespace
}  // namespace weir::taskmanager
