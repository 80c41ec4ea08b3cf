#include "common/program/stream_graph.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/graph/plan.h"

namespace weir::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A graph that is written down operator by operator; every operator is called like its kind.
class StreamGraphTest : public ::testing::Test {
 protected:
  std::uint32_t source(const std::string& name) {
    const auto index = add(name, {});
    graph_.node(index).chaining = Chaining::kHead;
    return index;
  }
  std::uint32_t add(const std::string& name, const std::vector<std::uint32_t>& inputs) {
    StreamNode node;
    node.kind = node.name = name;
    for (const std::uint32_t input : inputs) {
      StreamEdge edge;
      edge.source = input;
      node.inputs.push_back(std::move(edge));
    }
    return graph_.add(std::move(node));
  }
  StreamNode& at(std::uint32_t index) { return graph_.node(index); }

  JobGraph build() {
    auto program = graph_.translate(settings_);
    EXPECT_TRUE(program.has_value()) << program.error().text();
    return program.has_value() ? std::move(program->graph) : JobGraph{};
  }
  std::string error() {
    const auto program = graph_.translate(settings_);
    return program.has_value() ? "none" : program.error().text();
  }
  std::vector<std::string> vertexNames() {
    std::vector<std::string> names;
    for (const JobVertex& vertex : build().vertices) {
      names.push_back(vertex.name);
    }
    return names;
  }

  StreamGraph graph_;
  StreamGraph::Settings settings_;
};

TEST_F(StreamGraphTest, ChainsWhatForwardsAtEqualParallelism) {
  const auto a = source("A");
  add("C", {add("B", {a})});
  EXPECT_THAT(vertexNames(), ElementsAre("A -> B -> C"));
}

TEST_F(StreamGraphTest, NamesSeveralChainedOutputsInParentheses) {
  const auto a = source("A");
  add("B", {a});
  add("D", {add("C", {a})});
  EXPECT_THAT(vertexNames(), ElementsAre("A -> (B, C -> D)"));
}

TEST_F(StreamGraphTest, CutsChainsWhereParallelismChangesAndRebalancesThere) {
  const auto a = source("A");
  const auto b = add("B", {a});
  at(b).parallelism = 3;
  const auto job = build();
  ASSERT_EQ(job.vertices.size(), 2U);
  EXPECT_EQ(job.edges[0].partitioning, Partitioning::kRebalance);
}

TEST_F(StreamGraphTest, CutsChainsAtEveryPartitioningButForward) {
  const auto a = source("A");
  const auto b = add("B", {a});
  at(b).inputs[0].partitioning = Partitioning::kHash;
  EXPECT_THAT(vertexNames(), ElementsAre("A", "B"));
}

TEST_F(StreamGraphTest, CutsChainsAtOperatorsWithTwoInputs) {
  const auto a = source("A");
  const auto b = source("B");
  add("D", {add("C", {a, b})});
  EXPECT_THAT(vertexNames(), ElementsAre("A", "B", "C -> D"));
}

TEST_F(StreamGraphTest, StartsAChainAtAHeadAndKeepsNeverAlone) {
  const auto a = source("A");
  const auto b = add("B", {a});
  const auto c = add("C", {b});
  const auto d = add("D", {c});
  add("E", {d});
  at(b).chaining = Chaining::kHead;
  at(d).chaining = Chaining::kNever;
  EXPECT_THAT(vertexNames(), ElementsAre("A", "B -> C", "D", "E"));
}

TEST_F(StreamGraphTest, ChainsNothingWhenChainingIsOff) {
  settings_.chaining = false;
  add("B", {source("A")});
  EXPECT_THAT(vertexNames(), ElementsAre("A", "B"));
}

TEST_F(StreamGraphTest, InheritsTheSlotSharingGroupWhenAllInputsAgree) {
  const auto a = source("A");
  const auto b = source("B");
  at(a).slot_sharing_group = "left";
  const auto c = add("C", {a});
  const auto d = add("D", {c, b});
  const auto job = build();
  ASSERT_EQ(job.vertices.size(), 3U);
  EXPECT_EQ(job.vertices[0].name, "A -> C");
  EXPECT_EQ(job.vertices[0].slot_sharing_group, "left");
  EXPECT_EQ(job.vertices[2].operators.front(), d);
  EXPECT_EQ(job.vertices[2].slot_sharing_group, "default");
}

TEST_F(StreamGraphTest, NeedsTheLargestParallelismOfEachGroup) {
  const auto a = source("A");
  at(a).parallelism = 2;
  const auto b = add("B", {a});
  at(b).parallelism = 3;
  const auto c = add("C", {b});
  at(c).slot_sharing_group = "other";
  at(c).parallelism = 4;
  EXPECT_EQ(slotsNeeded(build()), 7U);
}

TEST_F(StreamGraphTest, TakesParallelismOfTheOperatorElseOfTheJob) {
  settings_.default_parallelism = 5;
  const auto a = source("A");
  const auto b = source("B");
  const auto c = source("C");
  at(b).parallelism = 2;
  at(c).non_parallel = true;
  const auto job = build();
  EXPECT_EQ(job.operators[a].parallelism, 5U);
  EXPECT_EQ(job.operators[b].parallelism, 2U);
  EXPECT_EQ(job.operators[c].parallelism, 1U);
}

TEST_F(StreamGraphTest, RefusesParallelismOfASourceThatHasNone) {
  const auto a = source("A");
  at(a).non_parallel = true;
  at(a).parallelism = 4;
  EXPECT_THAT(error(), HasSubstr("'A' always has parallelism 1 and was given 4"));
}

TEST_F(StreamGraphTest, HasAMaximumParallelismOf4096UnlessSet) {
  const auto a = source("A");
  const auto b = source("B");
  at(b).max_parallelism = 16;
  const auto job = build();
  EXPECT_EQ(job.max_parallelism, 4096U);
  EXPECT_EQ(job.operators[a].max_parallelism, 4096U);
  EXPECT_EQ(job.operators[b].max_parallelism, 16U);
}

TEST_F(StreamGraphTest, RefusesAParallelismAboveTheMaximumWithBothNumbers) {
  settings_.max_parallelism = 8;
  at(source("A")).parallelism = 9;
  EXPECT_THAT(error(), HasSubstr("has parallelism 9, above its maximum parallelism 8"));
}

TEST_F(StreamGraphTest, RefusesAMaximumAbove32768) {
  settings_.max_parallelism = 32769;
  source("A");
  EXPECT_THAT(error(), HasSubstr("is 32769, at most 32768"));
}

TEST_F(StreamGraphTest, RefusesForwardBetweenDifferentParallelisms) {
  const auto a = source("A");
  const auto b = add("B", {a});
  at(b).parallelism = 2;
  at(b).inputs[0].partitioning = Partitioning::kForward;
  EXPECT_THAT(error(), HasSubstr("'A' with parallelism 1 to operator 'B' with parallelism 2"));
}

TEST_F(StreamGraphTest, RefusesAGraphWithoutOperators) {
  EXPECT_THAT(error(), HasSubstr("no operator"));
}

TEST_F(StreamGraphTest, RefusesTwoStatesOfOneName) {
  const auto a = source("A");
  at(a).states = {{"seen", state::StateKind::kValue, {}, {}},
                  {"seen", state::StateKind::kList, {}, {}}};
  EXPECT_THAT(error(), HasSubstr("two states named 'seen'"));
}

TEST_F(StreamGraphTest, ReportsWhatTheProgramDidWrong) {
  at(source("A")).errors = {"the key cannot be serialized"};
  EXPECT_THAT(error(), HasSubstr("operator 'A': the key cannot be serialized"));
}

TEST_F(StreamGraphTest, AcceptsAUidInTheMiddleOfAChain) {
  const auto b = add("B", {source("A")});
  at(b).uid = "b";
  const auto job = build();
  EXPECT_EQ(job.vertices.size(), 1U);
  EXPECT_EQ(job.operators[b].uid, "b");
  EXPECT_EQ(job.vertices[0].id, job.operators[0].id);
}

TEST_F(StreamGraphTest, TellsAWriterItsConsumersMaximumParallelism) {
  const auto b = add("B", {source("A")});
  at(b).max_parallelism = 32;
  at(b).inputs[0].partitioning = Partitioning::kHash;
  std::uint32_t told = 0;
  at(b).inputs[0].make_writer = [&told](ResolvedEdge edge) {
    told = edge.consumer_max_parallelism;
    return functions::EdgeWriterFactory();
  };
  build();
  EXPECT_EQ(told, 32U);
}

TEST_F(StreamGraphTest, KeepsTheCodeBesideTheGraphByIndexOfOperatorAndEdge) {
  const auto a = source("A");
  const auto chained = add("B", {a});
  const auto c = add("C", {chained});
  at(c).inputs[0].partitioning = Partitioning::kHash;
  std::vector<std::string> made;
  for (const auto node : {a, chained, c}) {
    at(node).factory = [&made, name = at(node).name] {
      made.push_back(name);
      return nullptr;
    };
  }
  at(c).inputs[0].make_reader = [&made](functions::AnyReceiver&) {
    made.emplace_back("reader of C");
    return nullptr;
  };
  const auto program = graph_.translate(settings_);
  ASSERT_TRUE(program.has_value());
  for (const OperatorCode& one : program->code.operators) {
    one.make();
  }
  ASSERT_EQ(program->code.edges.size(), program->graph.edges.size());
  ASSERT_EQ(program->code.edges.size(), 1U);  // A and B are chained.
  struct Nowhere final : functions::AnyReceiver {
    void receive(const functions::Signal& /*signal*/) override {}
  } receiver;
  program->code.edges[0].make_reader(receiver);
  EXPECT_THAT(made, ElementsAre("A", "B", "C", "reader of C"));
}

TEST_F(StreamGraphTest, PutsVerticesAfterTheirInputs) {
  const auto a = source("A");
  const auto b = add("B", {a});
  at(b).inputs[0].partitioning = Partitioning::kHash;
  add("D", {b, add("C", {a})});
  const auto job = build();
  for (const JobEdge& edge : job.edges) {
    EXPECT_LT(edge.source_vertex, edge.target_vertex);
  }
  EXPECT_EQ(job.edges.size(), 3U);
}

}  // namespace
}  // namespace weir::graph
