#include "jobmanager/dispatcher/job_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using ::testing::HasSubstr;

std::string refusal(const graph::JobGraph& graph, const JobLimits& limits = {}) {
  const Status checked = checkLimits(graph, limits);
  return checked ? "" : checked.error().text();
}

TEST(JobLimitsTest, TakesAnOrdinaryJob) { EXPECT_EQ(refusal(testing::twoVertices(4)), ""); }

TEST(JobLimitsTest, RefusesMoreSubtasksThanAllowedHoweverManyVerticesMakeThem) {
  graph::JobGraph graph;
  graph.name = "wide";
  for (int i = 0; i < 200; ++i) {
    testing::addVertex(graph, "v", 32768);
  }
  const std::string why = refusal(graph);
  EXPECT_THAT(why, HasSubstr("job 'wide' has 6553600 subtasks"));
  EXPECT_THAT(why, HasSubstr("jobmanager.max-subtasks-per-job allows 65536"));
  EXPECT_EQ(refusal(graph, {.subtasks = 6553600}), "");
}

TEST(JobLimitsTest, RefusesAGraphWithMoreBytesThanAllowed) {
  graph::JobGraph graph = testing::twoVertices(1);
  graph.operators[0].payload.assign(2000, 'x');
  EXPECT_THAT(refusal(graph, {.graph_bytes = 2000}), HasSubstr("jobmanager.max-graph-size"));
  graph.operators[0].payload.clear();
  graph.once.push_back({"words", std::string(2000, 'x')});
  EXPECT_THAT(refusal(graph, {.graph_bytes = 2000}), HasSubstr("jobmanager.max-graph-size"));
}

TEST(JobLimitsTest, RefusesNamesThatAreTooLongShowingTheirBeginning) {
  graph::JobGraph graph = testing::twoVertices(1);
  graph.operators[1].name.assign(20000, 'n');
  EXPECT_THAT(refusal(graph), HasSubstr("nnn"));
  EXPECT_THAT(refusal(graph), HasSubstr("20000 bytes, and jobmanager.max-name-size allows 16384"));
  EXPECT_LT(refusal(graph).size(), 1000U);
  graph = testing::twoVertices(1);
  graph.operators[1].uid.assign(20000, 'u');
  EXPECT_THAT(refusal(graph), HasSubstr("the uid of operator 'count'"));
  graph = testing::twoVertices(1);
  graph.name.assign(20000, 'j');
  EXPECT_THAT(refusal(graph), HasSubstr("the name of the job"));
}

TEST(JobLimitsTest, RefusesNamesThatWouldForgeALineOrAreNoText) {
  for (const std::string name : {"a\nb", "\x1B[2J", "\xE4", "\xC2\x9B"}) {
    graph::JobGraph graph = testing::twoVertices(1);
    graph.name = name;
    EXPECT_THAT(refusal(graph), HasSubstr("the name of the job is not valid UTF-8"));
    graph = testing::twoVertices(1);
    graph.operators[0].name = name;
    EXPECT_THAT(refusal(graph), HasSubstr("the name of an operator"));
    graph = testing::twoVertices(1);
    graph.vertices[0].slot_sharing_group = name;
    EXPECT_THAT(refusal(graph), HasSubstr("slot sharing group"));
  }
}

}  // namespace
}  // namespace weir::jobmanager
