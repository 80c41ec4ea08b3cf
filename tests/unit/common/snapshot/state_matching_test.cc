#include "common/snapshot/state_matching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/program/stream_graph.h"
#include "common/schema/state_kinds.h"
#include "common/snapshot/graph_operators.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::snapshot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

record::Schema integer(std::uint32_t width) {
  record::Schema schema;
  schema.kind = record::SchemaKind::kInt;
  schema.width = width;
  return schema;
}

class StateMatchingTest : public ::testing::Test {
 protected:
  StateMatchingTest() {
    graph_.operators[1].states = {{"seen", state::StateKind::kValue, integer(8), integer(8)}};
    graph_.operators[1].all_states_declared = true;
  }

  /// A snapshot of "count" with two subtasks that hold "seen".
  runtime::CheckpointMetadata snapshot(std::uint32_t parallelism = 2) {
    runtime::CheckpointMetadata metadata;
    metadata.data_directory = "file:/data/chk-1";
    runtime::SavedOperator state;
    state.id = testing::operatorId(2);
    state.uid = "count";
    state.name = "count";
    state.kind = "map";
    state.parallelism = parallelism;
    runtime::SavedState info;
    info.name = "seen";
    info.kind = state::StateKind::kValue;
    info.key = integer(8);
    info.value = integer(8);
    info.entries = 3;
    info.bytes = 30;
    state.states = {info};
    for (std::uint32_t subtask = 0; subtask < parallelism; ++subtask) {
      runtime::SubtaskState part;
      part.subtask = subtask;
      part.handle.storage = runtime::SectionHandle::Storage::kFile;
      part.handle.location = "part-" + std::to_string(subtask);
      part.handle.size = 10;
      state.subtasks.push_back(part);
    }
    metadata.operators = {state};
    return metadata;
  }
  std::string refusal(const runtime::CheckpointMetadata& metadata) {
    auto plan = matchState(metadata, graph_, request_);
    return plan ? "matched" : plan.error().text();
  }

  graph::JobGraph graph_ = testing::twoVertices(2);
  runtime::RestoreRequest request_{
      .path = "/s", .allow_non_restored = false, .drop = {}, .renamed = {}};
};

TEST_F(StateMatchingTest, GivesEachSubtaskItsOwnSection) {
  auto plan = matchState(snapshot(), graph_, request_);
  ASSERT_TRUE(plan) << plan.error().text();
  ASSERT_THAT(plan->restores.tasks, SizeIs(2));
  EXPECT_EQ(plan->restores.tasks[1].task.subtask, 1U);
  const auto sections = plan->restores.sectionsOf(plan->restores.tasks[1].operators[0]);
  ASSERT_THAT(sections, SizeIs(1));
  EXPECT_EQ(sections[0].handle.location, "file:/data/chk-1/part-1");
  EXPECT_THAT(plan->report.matched, ElementsAre(HasSubstr("uid count")));
  EXPECT_THAT(plan->report.empty, ElementsAre(HasSubstr("source")));
}

TEST_F(StateMatchingTest, PlansWhatFitsBesideWhatDoesNot) {
  runtime::CheckpointMetadata metadata = snapshot();
  metadata.operators[0].states.push_back(metadata.operators[0].states[0]);
  metadata.operators[0].states[1].name = "kept";
  metadata.operators[0].states[1].value = integer(4);
  graph_.operators[1].states.push_back(graph_.operators[1].states[0]);
  graph_.operators[1].states[1].name = "kept";
  graph_.operators[1].states[0].value.kind = record::SchemaKind::kString;
  const StateMatch match = compareState(metadata, graph_, request_);
  ASSERT_THAT(match.problems, SizeIs(1));
  EXPECT_EQ(match.problems[0].id, graph_.operators[1].id);
  EXPECT_EQ(match.problems[0].state, "seen");
  ASSERT_THAT(match.plan.restores.tasks, SizeIs(2));
  EXPECT_THAT(match.plan.restores.tasks[0].operators[0].dropped, ElementsAre("seen"));
}

TEST_F(StateMatchingTest, PlansNothingForAnOperatorWhoseNumbersDoNotFit) {
  graph_.operators[1].max_parallelism = 7;
  const StateMatch match = compareState(snapshot(), graph_, request_);
  EXPECT_THAT(match.problems, SizeIs(1));
  EXPECT_THAT(match.plan.restores.tasks, IsEmpty());
}

TEST_F(StateMatchingTest, WindowsOfAnotherTypeAreRefusedWithBoth) {
  record::Schema window = state::globalWindow();
  window.fields = {{.name = "start", .schema = integer(8)}, {.name = "end", .schema = integer(8)}};
  runtime::CheckpointMetadata metadata = snapshot();
  metadata.operators[0].windows = window;
  for (const record::Schema& now : {state::globalWindow(), state::byKeyAlone()}) {
    graph_.operators[1].windows = now;
    const std::string text = refusal(metadata);
    EXPECT_THAT(text, HasSubstr("windows of another type"));
    EXPECT_THAT(text, HasSubstr("savepoint: struct{start: i64, end: i64}"));
    EXPECT_THAT(text, HasSubstr("program:   " + state::describeWindows(now)));
  }
  EXPECT_THAT(compareState(metadata, graph_, request_).plan.restores.tasks, IsEmpty());
  request_.allow_non_restored = true;
  EXPECT_THAT(refusal(metadata), HasSubstr("windows of another type"));
  request_.drop = {"count/seen"};
  EXPECT_EQ(refusal(metadata), "matched");
}

TEST_F(StateMatchingTest, WindowsThatAreTheSameOrNotKnownAreNotRefused) {
  runtime::CheckpointMetadata metadata = snapshot();
  graph_.operators[1].windows = state::globalWindow();
  EXPECT_EQ(refusal(metadata), "matched");
  metadata.operators[0].windows = state::globalWindow();
  EXPECT_EQ(refusal(metadata), "matched");
  graph_.operators[1].windows.reset();
  EXPECT_EQ(refusal(metadata), "matched");
}

TEST_F(StateMatchingTest, RefusesStateThatMatchesNothingAndNamesTheNearest) {
  graph_.operators[1].id = testing::operatorId(9);
  graph_.operators[1].uid = "counts";
  const std::string text = refusal(snapshot());
  EXPECT_THAT(text, HasSubstr("uid count, id 00000000000000000000000000000002), 20 bytes"));
  EXPECT_THAT(text, HasSubstr("nearest: 'count' (uid counts"));
}

TEST_F(StateMatchingTest, NamesOfForeignFilesAndProgramsBeginNoLine) {
  runtime::CheckpointMetadata metadata = snapshot();
  for (runtime::SavedOperator& old : metadata.operators) {
    old.uid = "a\nweir: forged uid";
    old.name = "b\nweir: forged name";
    for (runtime::SavedState& state : old.states) {
      state.name += "\nweir: forged state";
    }
  }
  request_.path = "/s\nweir: forged path";
  request_.drop = {"c\nweir: forged drop"};
  request_.renamed = {{"d\nweir: forged map", "e\nweir: forged map"}};
  graph_.name = "f\nweir: forged job";
  for (const bool same_operator : {true, false}) {
    const std::string text = refusal(metadata);
    EXPECT_THAT(text, HasSubstr("weir: forged"));
    EXPECT_THAT(text, Not(HasSubstr("\nweir: forged"))) << text;
    graph_.operators[1].id = testing::operatorId(9);
    graph_.operators[1].uid = same_operator ? "g\nweir: forged now" : "";
  }
}

TEST_F(StateMatchingTest, LeavesStateOutWhereTheUserSaysSo) {
  graph_.operators[1].id = testing::operatorId(9);
  graph_.operators[1].uid = "counts";
  request_.drop = {"count"};
  EXPECT_EQ(refusal(snapshot()), "matched");
  request_.drop.clear();
  request_.allow_non_restored = true;
  auto plan = matchState(snapshot(), graph_, request_);
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->restores.tasks, IsEmpty());
  EXPECT_THAT(plan->report.dropped, SizeIs(1));
}

TEST_F(StateMatchingTest, ReportsMembersOfStructsThatAreDropped) {
  record::Schema inner;
  inner.kind = record::SchemaKind::kStruct;
  inner.fields = {{.name = "cents", .schema = integer(8)}, {.name = "tax", .schema = integer(8)}};
  record::Schema was;
  was.kind = record::SchemaKind::kStruct;
  was.fields = {{.name = "price", .schema = inner}, {.name = "note", .schema = integer(4)}};
  record::Schema is = was;
  is.fields.pop_back();
  is.fields[0].schema.fields.pop_back();
  graph_.operators[1].states[0].value = is;
  auto metadata = snapshot();
  metadata.operators[0].states[0].value = was;
  auto plan = matchState(metadata, graph_, request_);
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_THAT(plan->report.dropped,
              ElementsAre(HasSubstr("member 'price.tax'"), HasSubstr("member 'note'")));
}

TEST_F(StateMatchingTest, FollowsARename) {
  graph_.operators[1].id = testing::operatorId(9);
  graph_.operators[1].uid = "counts";
  request_.renamed = {{"count", "counts"}};
  auto plan = matchState(snapshot(), graph_, request_);
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_EQ(plan->restores.tasks[0].operators[0].id, testing::operatorId(9));
}

TEST_F(StateMatchingTest, RefusesNamesThatNameNothing) {
  request_.drop = {"nobody"};
  EXPECT_THAT(refusal(snapshot()), HasSubstr("--drop nobody"));
}

TEST_F(StateMatchingTest, GivesSectionsByKeyGroupsAtAnotherParallelism) {
  for (auto& vertex : graph_.vertices) {
    vertex.parallelism = 4;
  }
  graph_.operators[1].parallelism = 4;
  auto plan = matchState(snapshot(), graph_, request_);
  ASSERT_TRUE(plan) << plan.error().text();
  ASSERT_THAT(plan->restores.tasks, SizeIs(4));
  const auto sections = plan->restores.sectionsOf(plan->restores.tasks[3].operators[0]);
  ASSERT_THAT(sections, SizeIs(1));
  EXPECT_EQ(sections[0].old_subtask, 1U);
}

TEST_F(StateMatchingTest, RefusesAnotherParallelismForStatePerSubtaskAlsoWithN) {
  auto metadata = snapshot(3);
  metadata.operators[0].fixed_parallelism_state = true;
  request_.allow_non_restored = true;
  EXPECT_THAT(refusal(metadata), HasSubstr("it was 3 in the savepoint and is 2 in the program"));
  request_.drop = {"count"};
  EXPECT_EQ(refusal(metadata), "matched");
}

TEST_F(StateMatchingTest, RefusesAnotherMaximumParallelismWithBothNumbers) {
  graph_.operators[1].max_parallelism = 128;
  EXPECT_THAT(refusal(snapshot()),
              HasSubstr("was 4096 in the savepoint and is 128 in the program"));
}

TEST_F(StateMatchingTest, ShowsBothSchemasWhereTheyDoNotFit) {
  record::Schema text;
  text.kind = record::SchemaKind::kString;
  graph_.operators[1].states[0].value = text;
  EXPECT_THAT(refusal(snapshot()), HasSubstr("program:   string"));
}

/// Graphs of operators without uids, as a program builds them, and snapshots of them.
class GeneratedIdsTest : public ::testing::Test {
 protected:
  /// Operators of these kinds, named after them with a number, each fed by the one before it.
  static graph::StreamGraph chainOf(const std::vector<std::string>& kinds) {
    graph::StreamGraph graph;
    for (const std::string& kind : kinds) {
      add(graph, kind, kind + " " + std::to_string(graph.nodes().size()));
    }
    return graph;
  }
  static void add(graph::StreamGraph& graph, const std::string& kind, const std::string& name) {
    graph::StreamNode node;
    node.kind = kind;
    node.name = name;
    node.stateful = kind == "map";
    if (!graph.nodes().empty()) {
      node.inputs.push_back({});
      node.inputs.back().source = static_cast<std::uint32_t>(graph.nodes().size() - 1);
    }
    graph.add(std::move(node));
  }
  static graph::JobGraph build(const graph::StreamGraph& graph) {
    graph::StreamGraph::Settings settings;
    settings.job_name = "job";
    return std::move(graph.translate(settings)->graph);
  }
  /// A snapshot of `graph` in which each map has a late state of ten bytes.
  static runtime::CheckpointMetadata snapshotOf(const graph::JobGraph& graph) {
    runtime::CheckpointMetadata metadata;
    metadata.operators = operatorsOf(graph);
    for (runtime::SavedOperator& one : metadata.operators) {
      if (one.kind == "map") {
        one.states.push_back({"late", state::StateKind::kValue, {}, {}, true, 1, 10});
        one.subtasks.push_back({0, false, {}});
        one.subtasks[0].handle.size = 10;
      }
    }
    return metadata;
  }
  Result<RestorePlan> match(const graph::StreamGraph& now) {
    return matchState(snapshotOf(build(before_)), build(now), request_);
  }
  std::string refusal(const graph::StreamGraph& now) {
    auto plan = match(now);
    return plan ? "matched" : plan.error().text();
  }

  graph::StreamGraph before_ = chainOf({"source", "map", "map", "sink"});
  runtime::RestoreRequest request_{
      .path = "/s", .allow_non_restored = false, .drop = {}, .renamed = {}};
};

TEST_F(GeneratedIdsTest, MatchWhereNothingChangedButNamesUidsAndParallelism) {
  graph::StreamGraph now = before_;
  now.node(1).name = "another name";
  now.node(0).uid = "source-id";
  now.node(3).uid = "sink-id";
  now.node(2).parallelism = 3;
  now.node(2).chaining = graph::Chaining::kNever;
  EXPECT_EQ(refusal(now), "matched");
}

TEST_F(GeneratedIdsTest, ShowBothPicturesWhereAnOperatorWasInserted) {
  graph::StreamGraph now = chainOf({"source", "map"});
  add(now, "map", "inserted");
  add(now, "map", "map 2");
  add(now, "sink", "sink 3");
  const std::string text = refusal(now);
  EXPECT_THAT(text, HasSubstr("operator 'inserted' (no uid"));
  EXPECT_THAT(text, HasSubstr("has the generated id of 'map 2' (no uid"));
  EXPECT_THAT(text, HasSubstr("savepoint: 'map 1' (map) -> ['map 2' (map)] -> 'sink 3' (sink)\n"));
  EXPECT_THAT(text,
              HasSubstr("program:   'map 1' (map) -> ['inserted' (map)] -> 'map 2' (map) -> "
                        "'sink 3' (sink)"));
  EXPECT_THAT(text, HasSubstr("--map ID=ID"));
}

TEST_F(GeneratedIdsTest, GiveTheStateWhereTheUserSaysThatItBelongs) {
  graph::StreamGraph now = chainOf({"source", "map", "map", "map", "sink"});
  const graph::JobGraph old = build(before_);
  const graph::JobGraph fresh = build(now);
  const auto id = [](const graph::JobGraph& graph, std::size_t at) {
    return graph.operators[at].id.hex();
  };
  request_.renamed = {{id(old, 1), id(fresh, 1)}, {id(old, 2), id(fresh, 3)}};
  const auto plan = match(now);
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_THAT(plan->report.matched, ElementsAre(HasSubstr(id(fresh, 1)), HasSubstr(id(fresh, 3))));
  EXPECT_THAT(plan->report.empty, ElementsAre(HasSubstr(id(fresh, 2))));
}

TEST_F(GeneratedIdsTest, StartEmptyWithNAndHandNothingOn) {
  request_.allow_non_restored = true;
  const auto plan = match(chainOf({"source", "map", "map", "map", "sink"}));
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_THAT(plan->report.matched, IsEmpty());
  EXPECT_THAT(plan->report.empty, SizeIs(3));
  EXPECT_THAT(plan->report.dropped,
              ElementsAre(HasSubstr("what stands around it differs"), HasSubstr("10 bytes")));
  for (const runtime::TaskRestore& task : plan->restores.tasks) {
    for (const runtime::OperatorRestoreOrder& one : task.operators) {
      EXPECT_EQ(one.count, 0U);
    }
  }
}

TEST_F(GeneratedIdsTest, CountASecondConsumerBelowAsADifference) {
  graph::StreamGraph now = before_;
  add(now, "sink", "debug");
  now.node(4).inputs[0].source = 2;
  EXPECT_THAT(refusal(now), HasSubstr("-> ('sink 3' (sink), 'debug' (sink))"));
}

TEST_F(GeneratedIdsTest, CountAnotherKindFarBelowAsADifference) {
  std::vector<std::string> kinds = {"source", "map"};
  kinds.insert(kinds.end(), 40, "filter");
  kinds.emplace_back("sink");
  before_ = chainOf(kinds);
  EXPECT_EQ(refusal(before_), "matched");
  kinds.back() = "other sink";
  EXPECT_THAT(refusal(chainOf(kinds)), HasSubstr("the difference is further below"));
}

TEST_F(GeneratedIdsTest, DoNotMatterWhereAUidIsSet) {
  for (const std::uint32_t map : {1U, 2U}) {
    before_.node(map).uid = "uid-" + std::to_string(map);
  }
  graph::StreamGraph now = chainOf({"source", "map", "map", "map", "sink"});
  now.node(1).uid = "uid-1";
  now.node(3).uid = "uid-2";
  EXPECT_EQ(refusal(now), "matched");
}

TEST_F(GeneratedIdsTest, DoNotMatterWithoutState) {
  runtime::CheckpointMetadata metadata = snapshotOf(build(before_));
  for (runtime::SavedOperator& one : metadata.operators) {
    one.subtasks.clear();
  }
  const auto plan =
      matchState(metadata, build(chainOf({"source", "map", "map", "map", "sink"})), request_);
  EXPECT_TRUE(plan) << plan.error().text();
}

TEST_F(GeneratedIdsTest, OfSnapshotsThatSayNothingOfSurroundingsMatchWithANote) {
  runtime::CheckpointMetadata metadata = snapshotOf(build(before_));
  for (runtime::SavedOperator& one : metadata.operators) {
    one.below.reset();
    one.consumers.clear();
  }
  const auto plan =
      matchState(metadata, build(chainOf({"source", "map", "map", "map", "sink"})), request_);
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_THAT(plan->report.matched,
              ElementsAre(HasSubstr("does not say what stood around it"),
                          HasSubstr("does not say what stood around it")));
}

TEST_F(StateMatchingTest, RefusesGeneratedIdsThatMoreOperatorsShareThanBefore) {
  auto metadata = snapshot();
  metadata.operators[0].uid = "";
  graph_.operators[1].uid = "";
  graph_.operators[1].siblings = 2;
  EXPECT_THAT(refusal(metadata), HasSubstr("set uids"));
}

/// With records in flight to "count" on an edge from the operator `from`.
runtime::CheckpointMetadata withInFlight(runtime::CheckpointMetadata metadata,
                                         const std::string& from) {
  runtime::SavedState state;
  state.name = "in-flight/" + from;
  state.kind = state::StateKind::kInFlight;
  state.entries = 2;
  state.bytes = 100;
  state.key = integer(4);
  metadata.operators[0].states.push_back(state);
  return metadata;
}

TEST_F(StateMatchingTest, RecordsInFlightMayBeOfATypeThatMigrates) {
  const auto metadata = withInFlight(snapshot(), "0/" + testing::operatorId(1).hex());
  graph_.edges[0].records = integer(8);
  EXPECT_EQ(refusal(metadata), "matched");
}

TEST_F(StateMatchingTest, RecordsInFlightOfAnotherTypeAreRefusedWithBothTypes) {
  const auto metadata = withInFlight(snapshot(), "0/" + testing::operatorId(1).hex());
  graph_.edges[0].records.kind = record::SchemaKind::kString;
  const std::string text = refusal(metadata);
  EXPECT_THAT(text, HasSubstr("records in flight from '"));
  EXPECT_THAT(text, HasSubstr("savepoint: i32"));
  EXPECT_THAT(text, HasSubstr("program:   string"));
}

TEST_F(StateMatchingTest, RecordsInFlightGoToEverySubtaskWhenTheParallelismChanges) {
  const std::string from = "0/" + testing::operatorId(1).hex();
  auto same = matchState(withInFlight(snapshot(2), from), graph_, request_);
  ASSERT_TRUE(same) << same.error().text();
  EXPECT_THAT(same->restores.sectionsOf(same->restores.tasks[1].operators[0]), SizeIs(1));
  auto rescaled = matchState(withInFlight(snapshot(5), from), graph_, request_);
  ASSERT_TRUE(rescaled) << rescaled.error().text();
  EXPECT_THAT(rescaled->restores.sectionsOf(rescaled->restores.tasks[1].operators[0]), SizeIs(5));
}

TEST_F(StateMatchingTest, RecordsInFlightAreRefusedWhereTheProgramHasNoSuchEdge) {
  EXPECT_THAT(refusal(withInFlight(snapshot(), "1/" + testing::operatorId(1).hex())),
              HasSubstr("came over an edge that the program does not have"));
  // The operator that sends may have another id by now, if it is the only one.
  EXPECT_EQ(refusal(withInFlight(snapshot(), "0/" + testing::operatorId(9).hex())), "matched");
}

TEST_F(StateMatchingTest, RecordsInFlightAreLeftOutOnRequest) {
  const auto metadata = withInFlight(snapshot(), "1/" + testing::operatorId(1).hex());
  request_.allow_non_restored = true;
  auto plan = matchState(metadata, graph_, request_);
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_THAT(plan->restores.tasks[0].operators[0].dropped,
              ElementsAre(metadata.operators[0].states[1].name));
}

}  // namespace
}  // namespace weir::snapshot
