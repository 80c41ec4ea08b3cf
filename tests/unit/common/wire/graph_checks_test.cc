#include "common/wire/graph_checks.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/wire/encoding.h"
#include "tests/unit/common/wire/fixture.h"

namespace weir::wire {
namespace {

using ::testing::HasSubstr;

/// Why the fixture's graph (0 -> 1 in one vertex, 2 in another) is refused after `change`; empty
/// when it is not.
template <typename Change>
std::string refusal(Change change) {
  graph::JobGraph graph = testing::jobGraph();
  change(graph);
  const auto back = decodeJobGraph(encodeJobGraph(graph));
  if (back.has_value()) {
    return {};
  }
  EXPECT_EQ(back.error().code(), ErrorCode::kInvalidArgument);
  return back.error().text();
}

TEST(GraphChecksTest, TakesAGraphThatAProgramBuilds) {
  EXPECT_EQ(refusal([](graph::JobGraph&) {}), "");
}

TEST(GraphChecksTest, RefusesTwoVerticesOfOneIdNamingBothOperators) {
  const std::string why = refusal([](graph::JobGraph& graph) {
    graph.operators[2].id = graph.operators[0].id;
    graph.vertices[1].id = graph.vertices[0].id;
  });
  EXPECT_THAT(why, HasSubstr("operator 'operator 2'"));
  EXPECT_THAT(why, HasSubstr("also that of operator 'operator 0'"));
}

TEST(GraphChecksTest, RefusesAVertexWithoutTheIdOfItsHead) {
  EXPECT_THAT(refusal([](graph::JobGraph& graph) { graph.vertices[1].id = graph.vertices[0].id; }),
              HasSubstr("does not have the id of its first operator"));
}

TEST(GraphChecksTest, RefusesAnOperatorWithAnotherParallelismThanItsVertex) {
  EXPECT_THAT(refusal([](graph::JobGraph& graph) { graph.operators[1].parallelism = 1; }),
              HasSubstr("has the parallelism 2 and operator 'operator 1' in it 1"));
  EXPECT_THAT(refusal([](graph::JobGraph& graph) { graph.vertices[0].parallelism = 4; }),
              HasSubstr("has the parallelism 4"));
}

TEST(GraphChecksTest, RefusesAnOperatorThatIsChainedTwice) {
  EXPECT_THAT(refusal([](graph::JobGraph& graph) { graph.vertices[0].operators = {0, 1, 1}; }),
              HasSubstr("which is not its own"));
  EXPECT_THAT(
      refusal([](graph::JobGraph& graph) { graph.vertices[0].links = {{0, 1, 0}, {0, 1, 0}}; }),
      HasSubstr("twice"));
}

TEST(GraphChecksTest, RefusesAChainThatIsNoTreeFromItsHead) {
  EXPECT_THAT(refusal([](graph::JobGraph& graph) { graph.vertices[0].links = {{1, 0, 0}}; }),
              HasSubstr("from behind it"));
  EXPECT_THAT(refusal([](graph::JobGraph& graph) { graph.vertices[0].links = {{1, 1, 0}}; }),
              HasSubstr("from behind it"));
  EXPECT_THAT(refusal([](graph::JobGraph& graph) { graph.vertices[0].links.clear(); }),
              HasSubstr("nothing feeds"));
}

TEST(GraphChecksTest, RefusesACycle) {
  EXPECT_THAT(refusal([](graph::JobGraph& graph) {
                graph::JobEdge back = graph.edges[0];
                std::swap(back.source_vertex, back.target_vertex);
                back.source_operator = 2;
                back.target_operator = 0;
                graph.edges.push_back(back);
              }),
              HasSubstr("leads back"));
}

TEST(GraphChecksTest, RefusesAnEdgeIntoAChain) {
  EXPECT_THAT(refusal([](graph::JobGraph& graph) {
                graph.vertices = {graph.vertices[1], graph.vertices[0]};  // The sink is first.
                graph.edges[0].source_operator = 2;
                graph.edges[0].target_operator = 1;
              }),
              HasSubstr("ends inside of a chain"));
}

TEST(GraphChecksTest, RefusesAPortThatNoOperatorHas) {
  constexpr std::uint32_t kLast = std::numeric_limits<std::uint32_t>::max();
  EXPECT_THAT(refusal([](graph::JobGraph& graph) { graph.edges[0].port = kLast; }),
              HasSubstr("port that is not there"));
  EXPECT_THAT(refusal([](graph::JobGraph& graph) { graph.vertices[0].links[0].port = kLast; }),
              HasSubstr("port that is not there"));
}

TEST(GraphChecksTest, RefusesForwardBetweenDifferentParallelisms) {
  EXPECT_THAT(refusal([](graph::JobGraph& graph) {
                graph.operators[2].parallelism = graph.vertices[1].parallelism = 1;
                graph.edges[0].partitioning = graph::Partitioning::kForward;
              }),
              HasSubstr("goes forward between the parallelisms 2 and 1"));
}

TEST(GraphChecksTest, RefusesTwoStatesOrTwoOnceValuesOfOneName) {
  EXPECT_THAT(refusal([](graph::JobGraph& graph) {
                graph.operators[1].states.push_back(graph.operators[1].states[0]);
              }),
              HasSubstr("two named 'count'"));
  EXPECT_THAT(refusal([](graph::JobGraph& graph) { graph.operators[1].states[0].name.clear(); }),
              HasSubstr("without a name"));
  EXPECT_THAT(refusal([](graph::JobGraph& graph) { graph.once.push_back({"now", "43"}); }),
              HasSubstr("two values of once() named 'now'"));
}

TEST(GraphChecksTest, RefusesNegativeDurations) {
  using std::chrono::milliseconds;
  EXPECT_THAT(
      refusal([](graph::JobGraph& graph) { graph.checkpoints.interval = milliseconds(-1); }),
      HasSubstr("checkpoint interval is -1 ms"));
  EXPECT_NE(refusal([](graph::JobGraph& graph) { graph.checkpoints.timeout = milliseconds(-1); }),
            "");
  EXPECT_NE(refusal([](graph::JobGraph& graph) { graph.checkpoints.min_pause = milliseconds(-1); }),
            "");
  EXPECT_NE(refusal([](graph::JobGraph& graph) { graph.restart.delay = milliseconds(-1); }), "");
  EXPECT_NE(
      refusal([](graph::JobGraph& graph) { graph.operators[0].buffer_timeout = milliseconds(-2); }),
      "");
  EXPECT_EQ(
      refusal([](graph::JobGraph& graph) { graph.operators[0].buffer_timeout = milliseconds(-1); }),
      "");
}

TEST(GraphChecksTest, TakesMoreThanACenturyForOne) {
  graph::JobGraph graph = testing::jobGraph();
  graph.checkpoints.timeout = std::chrono::milliseconds::max();
  const auto back = decodeJobGraph(encodeJobGraph(graph));
  ASSERT_TRUE(back.has_value()) << back.error().text();
  EXPECT_EQ(back->checkpoints.timeout, std::chrono::hours(24 * 365 * 100));
}

TEST(GraphChecksTest, RefusesAMultiplierThatIsNoNumber) {
  EXPECT_NE(refusal([](graph::JobGraph& graph) {
              graph.restart.multiplier = std::numeric_limits<double>::quiet_NaN();
            }),
            "");
  EXPECT_NE(refusal([](graph::JobGraph& graph) {
              graph.restart.multiplier = std::numeric_limits<double>::infinity();
            }),
            "");
}

}  // namespace
}  // namespace weir::wire
