#include "common/graph/plan.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/program/stream_graph.h"

namespace weir::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// source -> (hash) counter, which has a keyed state.
StreamGraph counting() {
  StreamNode source;
  source.kind = "source";
  source.name = "In \"quotes\"";
  source.uid = "source-id";
  StreamNode counter;
  counter.kind = "map";
  counter.name = "Count";
  counter.parallelism = 2;
  StateDeclaration seen;
  seen.name = "seen";
  seen.value.kind = record::SchemaKind::kInt;
  seen.value.width = 8;
  counter.states.push_back(seen);
  counter.inputs.emplace_back();
  counter.inputs[0].partitioning = Partitioning::kHash;
  StreamGraph graph;
  graph.add(source);
  graph.add(counter);
  return graph;
}

JobGraph planned(const StreamGraph& graph) {
  StreamGraph::Settings settings;
  settings.job_name = "Job";
  return std::move(graph.translate(settings)->graph);
}

TEST(Plan, IsTheContractsJson) {
  const JobGraph job = planned(counting());
  const std::string in = job.operators[0].id.hex();
  const std::string count = job.operators[1].id.hex();
  EXPECT_EQ(
      planJson(job),
      R"({"name":"Job","vertices":[{"id":")" + in +
          R"(","name":"In \"quotes\"","parallelism":1,"inputs":[],"operators":[{"id":")" + in +
          R"(","uid":"source-id","name":"In \"quotes\"","parallelism":1,"states":[]}]},)" +
          R"({"id":")" + count + R"(","name":"Count","parallelism":2,"inputs":[{"id":")" + in +
          R"(","ship_strategy":"HASH"}],"operators":[{"id":")" + count +
          R"(","uid":null,"name":"Count","parallelism":2,"states":[{"name":"seen",)" +
          R"("kind":"value","schema":"i64"}],"warning":")" + planWarnings(job).at(0) + R"("}]}]})");
}

TEST(Plan, WarnsOfStateWithoutAUid) {
  EXPECT_THAT(planWarnings(planned(counting())),
              ElementsAre(HasSubstr("'Count' has state and no uid")));
  StreamGraph graph = counting();
  graph.node(1).uid = "count-id";
  EXPECT_THAT(planWarnings(planned(graph)), IsEmpty());
}

TEST(Plan, WarnsOfStateThatOnlyOrderTellsApart) {
  StreamGraph graph = counting();
  graph.add(graph.nodes()[1]);
  EXPECT_THAT(
      planWarnings(planned(graph)),
      ElementsAre(HasSubstr("from 1 of equal structure"), HasSubstr("from 1 of equal structure")));
}

TEST(FirstDifference, IsNoneForTheSameProgramUnderOtherNames) {
  StreamGraph renamed = counting();
  renamed.node(1).name = "Started at noon";
  EXPECT_EQ(firstDifference(planned(counting()), planned(renamed)), "");
}

TEST(FirstDifference, NamesTheOperatorThatChanged) {
  StreamGraph other = counting();
  other.node(1).parallelism = 3;
  EXPECT_EQ(firstDifference(planned(counting()), planned(other)),
            "operator 'Count' (map) had parallelism 2 when it was submitted and 3 here");
  other = counting();
  other.node(1).kind = "filter";
  EXPECT_THAT(firstDifference(planned(counting()), planned(other)),
              HasSubstr("'Count' (map) of the submitted graph is 'Count' (filter) here"));
  other = counting();
  other.node(1).states[0].name = "heard";
  EXPECT_THAT(firstDifference(planned(counting()), planned(other)),
              HasSubstr("declares other state"));
  other = counting();
  other.node(1).inputs[0].partitioning = Partitioning::kRebalance;
  EXPECT_THAT(firstDifference(planned(counting()), planned(other)), HasSubstr("'Count' (map)"));
}

TEST(FirstDifference, NamesAnOperatorThatIsMissingOrNew) {
  StreamGraph longer = counting();
  StreamNode extra = longer.nodes()[1];
  extra.name = "Extra";
  longer.add(extra);
  EXPECT_THAT(firstDifference(planned(longer), planned(counting())),
              HasSubstr("'Extra' (map) of the submitted graph is missing here"));
  EXPECT_THAT(firstDifference(planned(counting()), planned(longer)),
              HasSubstr("'Extra' (map) is not part of the graph that was submitted"));
}

TEST(Plan, ANameThatIsNotUtf8IsStillJson) {
  JobGraph job = planned(counting());
  job.name = "\xff\n\x1b";
  job.operators[0].name = "caf\xe9\x7f";
  EXPECT_THAT(planJson(job), HasSubstr("\"name\":\"\uFFFD\\u000a\\u001b\""));
  EXPECT_THAT(planJson(job), HasSubstr("caf\uFFFD\\u007f"));
}

}  // namespace
}  // namespace weir::graph
