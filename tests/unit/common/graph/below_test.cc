#include "common/graph/below.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/graph/murmur3.h"
#include "common/program/stream_graph.h"

namespace weir::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

/// A node of this kind, fed by others at port 0.
std::uint32_t add(StreamGraph& graph,
                  const std::string& kind,
                  const std::vector<std::uint32_t>& inputs) {
  StreamNode node;
  node.kind = kind;
  for (const std::uint32_t input : inputs) {
    node.inputs.push_back({});
    node.inputs.back().source = input;
  }
  return graph.add(std::move(node));
}

JobGraph build(const StreamGraph& graph, bool chaining = true) {
  StreamGraph::Settings settings;
  settings.job_name = "job";
  settings.chaining = chaining;
  return std::move(graph.translate(settings)->graph);
}

/// source -> map -> (sink, filter -> sink).
StreamGraph example() {
  StreamGraph graph;
  const std::uint32_t source = add(graph, "source", {});
  const std::uint32_t map = add(graph, "map", {source});
  add(graph, "sink", {map});
  add(graph, "sink", {add(graph, "filter", {map})});
  return graph;
}

std::string textOf(const Bytes16& bytes) { return {bytes.begin(), bytes.end()}; }

TEST(StructuresBelowTest, AreThatOfTheRule) {
  StreamGraph graph;
  add(graph, "sink", {add(graph, "source", {})});
  const auto below = structuresBelow(build(graph));
  const Bytes16 sink = murmur3(std::string("sink\0", 5));
  EXPECT_EQ(below[1], sink);
  EXPECT_EQ(below[0], murmur3(std::string("source\0", 7) + std::string(4, '\0') + textOf(sink)));
}

TEST(StructuresBelowTest, DoNotDependOnNamesUidsParallelismPartitioningOrChaining) {
  const auto expected = structuresBelow(build(example()));
  StreamGraph other = example();
  other.node(1).name = "another";
  other.node(1).uid = "uid";
  other.node(1).parallelism = 4;
  other.node(4).inputs[0].partitioning = Partitioning::kShuffle;
  EXPECT_EQ(structuresBelow(build(other)), expected);
  EXPECT_EQ(structuresBelow(build(example(), false)), expected);
}

TEST(StructuresBelowTest, DoNotDependOnTheOrderInWhichConsumersWereAdded) {
  StreamGraph other;
  const std::uint32_t source = add(other, "source", {});
  const std::uint32_t map = add(other, "map", {source});
  add(other, "sink", {add(other, "filter", {map})});
  add(other, "sink", {map});
  EXPECT_EQ(structuresBelow(build(other))[map], structuresBelow(build(example()))[1]);
}

TEST(StructuresBelowTest, DependOnKindsPortsAndTheNumberOfConsumers) {
  const Bytes16 map = structuresBelow(build(example()))[1];
  StreamGraph kind = example();
  kind.node(4).kind = "other";
  EXPECT_NE(structuresBelow(build(kind))[1], map);
  StreamGraph port = example();
  port.node(4).inputs[0].port = 1;
  port.node(4).inputs[0].partitioning = Partitioning::kRebalance;  // Else chained, at port 0.
  EXPECT_NE(structuresBelow(build(port))[1], map);
  StreamGraph more = example();
  add(more, "sink", {3});
  EXPECT_NE(structuresBelow(build(more))[1], map);
}

TEST(StructuresBelowTest, CountAConsumerThatReadsTwiceTwice) {
  StreamGraph graph;
  const std::uint32_t source = add(graph, "source", {});
  add(graph, "union", {source, source});
  EXPECT_THAT(consumersByOperator(build(graph)), ElementsAre(SizeIs(2), SizeIs(0)));
}

}  // namespace
}  // namespace weir::graph
