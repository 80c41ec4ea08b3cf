#include "common/graph/shared_graph.h"

#include <gtest/gtest.h>

namespace weir::graph {
namespace {

JobGraph named(const std::string& name) {
  JobGraph graph;
  graph.name = name;
  graph.operators.resize(1);
  graph.operators[0].payload = std::string(1000, 'p');
  return graph;
}

TEST(SharedGraphTest, ACopyHoldsTheSameGraph) {
  const SharedGraph first = named("job");
  const SharedGraph second = first;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(&*second, &*first);
  EXPECT_EQ(second->operators[0].payload.size(), 1000U);
}

TEST(SharedGraphTest, IsNeverWithoutAGraph) {
  SharedGraph first = named("job");
  const SharedGraph second = std::move(first);
  EXPECT_EQ(first->name, "job");  // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  EXPECT_EQ(SharedGraph()->name, "");
}

TEST(SharedGraphTest, AChangeLeavesAloneWhatOthersHold) {
  SharedGraph first = named("job");
  const SharedGraph second = first;
  first.change([](JobGraph& graph) { graph.name = "changed"; });
  EXPECT_EQ(first->name, "changed");
  EXPECT_EQ(first->operators[0].payload.size(), 1000U);
  EXPECT_EQ(second->name, "job");
}

}  // namespace
}  // namespace weir::graph
