#include "taskmanager/daemon/supervision/assignment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::taskmanager {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class AssignmentTest : public ::testing::Test {
 protected:
  AssignmentTest() {
    settings_.host = "host-1";
    deployment_.execution = {JobId(Bytes16{9}), AttemptId(1), LeaderEpoch(1)};
    deployment_.self = 1;
    deployment_.placement = {{0, 1}, {1, 1, 0}};
  }
  Assignment made() const { return Assignment::of(deployment_, settings_); }

  WorkerSettings settings_;
  runtime::Deployment deployment_;
};

TEST_F(AssignmentTest, CountsTheTasksOfThisWorkerAlone) { EXPECT_EQ(made().tasks, 3U); }

TEST_F(AssignmentTest, KnowsAFirstTaskThatIsItsOwn) {
  deployment_.graph.change([](graph::JobGraph& graph) {
    graph.vertices.resize(2);
    graph.vertices[0].id = OperatorId(Bytes16{1});
  });
  EXPECT_EQ(made().first_task, (runtime::TaskId{OperatorId(Bytes16{1}), 1}));
}

TEST_F(AssignmentTest, TakesTimesOfTheJobAndElseThoseOfTheTaskManager) {
  settings_.program_timeout = 7s;
  deployment_.configuration["task.cancellation.timeout"] = "3 s";
  deployment_.configuration["client.program.timeout"] = "soon";
  EXPECT_EQ(made().cancellation_timeout, 3s);
  EXPECT_EQ(made().program_timeout, 7s);
}

TEST_F(AssignmentTest, NamesOperatorsByTheirNamesAndUnknownOnesByTheirIds) {
  deployment_.graph.change([](graph::JobGraph& graph) {
    graph.operators.resize(1);
    graph.operators[0].name = "Count";
  });
  EXPECT_EQ(made().nameOf(OperatorId()), "'Count'");
  EXPECT_EQ(made().nameOf(OperatorId(Bytes16{7})), OperatorId(Bytes16{7}).hex());
}

TEST_F(AssignmentTest, ALabelHasNoLineBreakWhateverTheJobIsCalled) {
  deployment_.graph.change([](graph::JobGraph& graph) { graph.name = "a\nb"; });
  EXPECT_THAT(made().label(), HasSubstr("job 'a?b' ("));
}

TEST_F(AssignmentTest, AnUpdateIsBoundedByAccumulatorsAndByWhatAMessageTakes) {
  settings_.most_accumulators = 1000;
  settings_.most_report = 500;
  runtime::TaskUpdate update;
  EXPECT_TRUE(checkUpdate(update, made(), settings_).has_value());
  update.cause = std::string(600, 'x');
  EXPECT_THAT(checkUpdate(update, made(), settings_).error().text(),
              HasSubstr("more than the 500 that are half of jobmanager.rpc.max-message-size"));
  update.accumulators = {{"values", "Histogram", std::string(1100, 'x')}};
  EXPECT_THAT(checkUpdate(update, made(), settings_).error().text(),
              HasSubstr("taskmanager.worker.max-accumulator-size"));
}

}  // namespace
}  // namespace weir::taskmanager
