#include "common/wire/encoding.h"

#include <gtest/gtest.h>

#include "common/wire/messages.h"
#include "tests/unit/common/wire/fixture.h"
#include "worker.pb.h"

namespace weir::wire {
namespace {

using testing::deployment;
using testing::execution;
using testing::idOf;
using testing::jobGraph;
using testing::metadata;

TEST(EncodingTest, AJobGraphComesBackAsItWas) {
  const graph::JobGraph graph = jobGraph();
  const auto back = decodeJobGraph(encodeJobGraph(graph));
  ASSERT_TRUE(back.has_value()) << back.error().text();
  EXPECT_EQ(encodeJobGraph(*back), encodeJobGraph(graph));
  EXPECT_EQ(back->name, graph.name);
  EXPECT_EQ(back->operators[1].states, graph.operators[1].states);
  EXPECT_EQ(back->operators[0].buffer_timeout, graph.operators[0].buffer_timeout);
  EXPECT_EQ(back->vertices[0].links.size(), 1U);
  EXPECT_EQ(back->edges[0].partitioning, graph::Partitioning::kHash);
  EXPECT_EQ(back->edges[0].records, graph.edges[0].records);
  EXPECT_EQ(back->restart.attempts, 3U);
}

TEST(EncodingTest, AGraphWhoseIndicesNameNothingIsRefused) {
  const auto refused = [](auto change) {
    graph::JobGraph graph = jobGraph();
    change(graph);
    const auto back = decodeJobGraph(encodeJobGraph(graph));
    return !back.has_value() && back.error().code() == ErrorCode::kInvalidArgument;
  };
  EXPECT_FALSE(refused([](graph::JobGraph&) {}));
  EXPECT_TRUE(refused([](graph::JobGraph& graph) { graph.edges[0].source_vertex = 2; }));
  EXPECT_TRUE(refused([](graph::JobGraph& graph) { graph.edges[0].target_operator = 0; }));
  EXPECT_TRUE(refused([](graph::JobGraph& graph) { graph.edges[0].source_operator = 99; }));
  EXPECT_TRUE(refused([](graph::JobGraph& graph) { graph.vertices[0].links[0].target = 2; }));
  EXPECT_TRUE(refused([](graph::JobGraph& graph) { graph.vertices[0].operators = {0}; }));
  EXPECT_TRUE(refused([](graph::JobGraph& graph) { graph.vertices[1].operators = {2, 1}; }));
  EXPECT_TRUE(refused([](graph::JobGraph& graph) { graph.vertices[1].operators = {}; }));
  EXPECT_TRUE(refused([](graph::JobGraph& graph) { graph.operators[0].parallelism = 0; }));
  EXPECT_TRUE(refused([](graph::JobGraph& graph) { graph.vertices[0].parallelism = 129; }));
  EXPECT_TRUE(refused([](graph::JobGraph& graph) {
    graph.edges[0].partitioning = static_cast<graph::Partitioning>(99);
  }));
}

TEST(EncodingTest, EveryOrderComesBackAsItWas) {
  const runtime::WorkerOrder orders[] = {
      deployment(),
      runtime::CancelOrder{execution()},
      runtime::FinishOrder{execution()},
      runtime::TriggerOrder{execution(), {CheckpointId(4), 99, true}},
      runtime::NotifyOrder{execution(), CheckpointId(4), false},
      runtime::DiscardOrder{execution(), 7},
      runtime::PeerConnection{1, Bytes16{7}},
      runtime::PeerConnection{1, std::nullopt}};
  for (const runtime::WorkerOrder& order : orders) {
    const auto back = decodeWorkerOrder(encode(order));
    ASSERT_TRUE(back.has_value()) << back.error().text();
    EXPECT_EQ(back->index(), order.index());
    EXPECT_EQ(encode(*back), encode(order));
  }
}

TEST(EncodingTest, WhatStopsAJobComesBackAndWhatIsNoWayToStopIsRefused) {
  runtime::TriggerOrder trigger{execution(), {CheckpointId(4), 99, true}};
  for (const auto mode :
       {runtime::StopMode::kNone, runtime::StopMode::kSuspend, runtime::StopMode::kDrain}) {
    trigger.order.stop = mode;
    const auto back = decodeWorkerOrder(encode(runtime::WorkerOrder(trigger)));
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(std::get<runtime::TriggerOrder>(*back).order.stop, mode);
  }
  trigger.order.stop = static_cast<runtime::StopMode>(runtime::kStopModes);
  EXPECT_FALSE(decodeWorkerOrder(encode(runtime::WorkerOrder(trigger))).has_value());
  runtime::Deployment stopped = deployment();
  stopped.stopped = true;
  const auto back = decodeWorkerOrder(encode(runtime::WorkerOrder(stopped)));
  ASSERT_TRUE(back.has_value());
  EXPECT_TRUE(std::get<runtime::Deployment>(*back).stopped);
}

TEST(EncodingTest, AWorkerOfAnEarlierReleaseSaysNothingOfStopsAndDoesNotKnowThem) {
  const auto now = decodeWorkerReport(encode(runtime::WorkerReport(runtime::WorkerHello())));
  ASSERT_TRUE(now.has_value());
  EXPECT_TRUE(std::get<runtime::WorkerHello>(*now).stops);
  const auto earlier = decodeWorkerReport(std::string("\012\002\010\003", 4));
  ASSERT_TRUE(earlier.has_value());
  EXPECT_FALSE(std::get<runtime::WorkerHello>(*earlier).stops);
}

TEST(EncodingTest, ADeploymentToAWorkerThatItDoesNotNameIsRefused) {
  runtime::Deployment wrong_self = deployment();
  wrong_self.self = 2;
  EXPECT_FALSE(decodeWorkerOrder(encode(runtime::WorkerOrder(wrong_self))).has_value());
  runtime::Deployment wrong_place = deployment();
  wrong_place.placement[1][0] = 7;
  EXPECT_FALSE(decodeWorkerOrder(encode(runtime::WorkerOrder(wrong_place))).has_value());
  runtime::Deployment missing = deployment();
  missing.placement[0].pop_back();
  EXPECT_FALSE(decodeWorkerOrder(encode(runtime::WorkerOrder(missing))).has_value());
}

TEST(EncodingTest, AProgramFileThatWouldLeaveItsDirectoryIsRefused) {
  for (const std::string name : {"../passwd", "..", "", "a/b"}) {
    runtime::Deployment deployment = testing::deployment();
    deployment.program.shipped[0].name = name;
    EXPECT_FALSE(decodeWorkerOrder(encode(runtime::WorkerOrder(deployment))).has_value()) << name;
  }
}

TEST(EncodingTest, ARestoreOfWhatTheGraphDoesNotHaveIsRefused) {
  const auto refused = [](auto change) {
    runtime::Deployment one = deployment();
    change(one.restores);
    return !decodeWorkerOrder(encode(runtime::WorkerOrder(one))).has_value();
  };
  using Restores = runtime::Restores;
  EXPECT_FALSE(refused([](Restores&) {}));
  EXPECT_TRUE(refused([](Restores& all) { all.tasks[0].task.vertex = idOf<OperatorId>(77); }));
  EXPECT_TRUE(refused([](Restores& all) { all.tasks[0].task.subtask = 2; }));
  EXPECT_TRUE(refused([](Restores& all) { all.tasks.push_back(all.tasks[0]); }));
  EXPECT_TRUE(refused([](Restores& all) { all.tasks[0].operators[0].id = idOf<OperatorId>(3); }));
  EXPECT_TRUE(
      refused([](Restores& all) { all.tasks[0].operators.push_back(all.tasks[0].operators[0]); }));
  EXPECT_TRUE(refused([](Restores& all) { all.lists[0][0].old_subtask = 2; }));
  EXPECT_TRUE(refused([](Restores& all) { all.lists[0].push_back(all.lists[0][0]); }));
  EXPECT_TRUE(refused([](Restores& all) { all.lists.clear(); }));
  EXPECT_TRUE(refused([](Restores& all) { all.tasks[0].operators[0].first = 1; }));
  EXPECT_TRUE(refused([](Restores& all) { all.tasks[0].operators[0].first = 0xffff'ffff; }));
  EXPECT_TRUE(refused([](Restores& all) { all.tasks[0].operators[0].count = 2; }));
}

TEST(EncodingTest, AWorkerOfTheLastProtocolFindsItsSectionsInEachOrder) {
  v1::WorkerOrder message;
  ASSERT_TRUE(message.ParseFromString(encodeFor(2, deployment())));
  EXPECT_EQ(message.deployment().restore_lists_size(), 0);
  const auto& sections = message.deployment().restores(0).operators(0).sections();
  ASSERT_EQ(sections.size(), 1);
  EXPECT_EQ(sections[0].old_subtask(), 1U);
  EXPECT_EQ(sections[0].handle().inline_bytes(), "abc");
}

TEST(EncodingTest, WhatBecomesOfUnclaimedStateComesBackAsItWas) {
  runtime::Deployment one = deployment();
  one.graph.change([](graph::JobGraph& graph) { graph.operators[1].all_states_declared = true; });
  one.restores.tasks[0].operators[0].unclaimed = state::Unclaimed::kLeftOut;
  const auto back = decodeWorkerOrder(encode(runtime::WorkerOrder(one)));
  ASSERT_TRUE(back.has_value()) << back.error().text();
  const auto& read = std::get<runtime::Deployment>(*back);
  EXPECT_TRUE(read.graph->operators[1].all_states_declared);
  EXPECT_EQ(read.restores.tasks[0].operators[0].unclaimed, state::Unclaimed::kLeftOut);
  one.restores.tasks[0].operators[0].unclaimed = static_cast<state::Unclaimed>(3);
  EXPECT_FALSE(decodeWorkerOrder(encode(runtime::WorkerOrder(one))).has_value());
}

TEST(EncodingTest, WhichWindowsStateIsInComesBackAsItWas) {
  const std::vector<state::WindowSchema> all = {
      {}, state::byKeyAlone(), state::globalWindow(), metadata().operators[0].states[0].value};
  for (const state::WindowSchema& windows : all) {
    runtime::CheckpointMetadata saved = metadata();
    saved.operators[0].windows = windows;
    const auto read = decodeMetadata(encodeMetadata(saved));
    ASSERT_TRUE(read.has_value()) << read.error().text();
    EXPECT_EQ(read->operators[0].windows, windows);
    runtime::Deployment one = deployment();
    one.graph.change([&](graph::JobGraph& graph) { graph.operators[0].windows = windows; });
    const auto back = decodeWorkerOrder(encode(runtime::WorkerOrder(one)));
    ASSERT_TRUE(back.has_value()) << back.error().text();
    EXPECT_EQ(std::get<runtime::Deployment>(*back).graph->operators[0].windows, windows);
  }
}

TEST(EncodingTest, TwoShippedFilesOfOneNameAreRefused) {
  runtime::Deployment one = deployment();
  one.program.shipped.push_back(one.program.shipped[0]);
  const auto back = decodeWorkerOrder(encode(runtime::WorkerOrder(one)));
  ASSERT_FALSE(back.has_value());
  EXPECT_NE(back.error().text().find("'data.txt' twice"), std::string::npos);
}

TEST(EncodingTest, AnArgumentThatExecWouldCutShortIsRefused) {
  runtime::Deployment one = deployment();
  one.program.arguments.emplace_back("a\0b", 3);
  EXPECT_FALSE(decodeWorkerOrder(encode(runtime::WorkerOrder(one))).has_value());
}

TEST(EncodingTest, TheTextOfAFailureIsCutKeepingItsFirstWords) {
  runtime::TaskUpdate update;
  update.execution = execution();
  update.task = {idOf<OperatorId>(1), 1};
  update.cause = "std::runtime_error: " + std::string(8 << 20, 'x');
  const auto back = decodeWorkerReport(encode(runtime::WorkerReport(update)));
  ASSERT_TRUE(back.has_value()) << back.error().text();
  const std::string& cause = std::get<runtime::TaskUpdate>(*back).cause;
  EXPECT_LE(cause.size(), 64U * 1024U);
  EXPECT_TRUE(cause.starts_with("std::runtime_error: xxx"));
  EXPECT_TRUE(cause.ends_with(" ... (cut)"));
}

TEST(EncodingTest, AnAcknowledgementThatNamesAnOperatorOrAStateTwiceIsRefused) {
  runtime::CheckpointAck ack;
  ack.execution = execution();
  ack.task = {idOf<OperatorId>(1), 1};
  ack.operators = {{idOf<OperatorId>(2), {}, {}}, {idOf<OperatorId>(2), {}, {}}};
  EXPECT_FALSE(decodeWorkerReport(encode(runtime::WorkerReport(ack))).has_value());
  const runtime::SavedState info = metadata().operators[0].states[0];
  ack.operators = {{idOf<OperatorId>(2), {}, {info, info}}};
  EXPECT_FALSE(decodeWorkerReport(encode(runtime::WorkerReport(ack))).has_value());
}

/// Of a task with five states, as a job with some windows and joins has them; their amounts only
/// once they are `known`.
runtime::CheckpointAck ackOfFiveStates(bool known) {
  runtime::CheckpointAck ack;
  ack.execution = execution();
  ack.task = {idOf<OperatorId>(1), 1};
  runtime::OperatorSnapshot one{idOf<OperatorId>(2), {}, {}};
  one.handle.storage = runtime::SectionHandle::Storage::kFile;
  one.handle.location = "file:/checkpoints/0123456789abcdef0123456789abcdef/chk-4/0-1-2-01234567";
  one.handle.size = 1000;
  one.description = 0x0123456789abcdef;
  for (int i = 0; i < 5; ++i) {
    runtime::SavedState state = metadata().operators[0].states[0];
    state.name += std::to_string(i);
    state.entries = 1000;
    state.bytes = 20'000;
    known ? one.amounts.push_back({state.entries, state.bytes}) : one.states.push_back(state);
  }
  ack.operators = {one};
  return ack;
}

TEST(EncodingTest, AmountsOfKnownStatesComeBackAndTakeLessThanTheirDescriptions) {
  const std::string described = encode(runtime::WorkerReport(ackOfFiveStates(false)));
  const std::string known = encode(runtime::WorkerReport(ackOfFiveStates(true)));
  RecordProperty("bytes_described", static_cast<int>(described.size()));
  RecordProperty("bytes_known", static_cast<int>(known.size()));
  EXPECT_LT(known.size() + 100, described.size());
  const auto back = decodeWorkerReport(known);
  ASSERT_TRUE(back.has_value()) << back.error().text();
  const auto& one = std::get<runtime::CheckpointAck>(*back).operators[0];
  EXPECT_EQ(one.description, 0x0123456789abcdefU);
  EXPECT_EQ(one.amounts, ackOfFiveStates(true).operators[0].amounts);
}

TEST(EncodingTest, AmountsWithoutAHashOrBesideDescriptionsAreRefused) {
  runtime::CheckpointAck ack = ackOfFiveStates(true);
  ack.operators[0].description = 0;
  EXPECT_FALSE(decodeWorkerReport(encode(runtime::WorkerReport(ack))).has_value());
  ack = ackOfFiveStates(true);
  ack.operators[0].states = ackOfFiveStates(false).operators[0].states;
  EXPECT_FALSE(decodeWorkerReport(encode(runtime::WorkerReport(ack))).has_value());
}

TEST(EncodingTest, EveryReportComesBackAsItWas) {
  runtime::TaskUpdate update;
  update.execution = execution();
  update.task = {idOf<OperatorId>(1), 1};
  update.state = runtime::TaskState::kFailed;
  update.input_ended = true;
  update.cause = "std::runtime_error: \xff";
  update.accumulators = {{"words", "LongCounter", "5"}};
  update.metrics = {1, 2, 3, 4, 5, {{idOf<OperatorId>(3), "count", "sums", 5, 6, 7}}};
  runtime::CheckpointAck ack;
  ack.execution = execution();
  ack.checkpoint = CheckpointId(4);
  ack.task = update.task;
  ack.finished = true;
  ack.operators = {{idOf<OperatorId>(2), testing::inlineHandle("abc"), {}}};
  ack.write_millis = 3;
  const runtime::WorkerReport reports[] = {
      runtime::WorkerHello{1, "0.1.0"},
      runtime::WorkerFailed{"another graph"},
      update,
      ack,
      runtime::CheckpointDecline{execution(), CheckpointId(4), update.task, "too large"},
      runtime::HandleDiscarded{execution(), 3, true, "threw \xff"}};
  for (const runtime::WorkerReport& report : reports) {
    const auto back = decodeWorkerReport(encode(report));
    ASSERT_TRUE(back.has_value()) << back.error().text();
    EXPECT_EQ(back->index(), report.index());
    EXPECT_EQ(encode(*back), encode(report));
    if (const auto* one = std::get_if<runtime::TaskUpdate>(&*back)) {
      EXPECT_EQ(one->metrics, update.metrics);
    }
  }
}

TEST(EncodingTest, BytesThatAreNoMessageAreRefused) {
  EXPECT_FALSE(decodeWorkerOrder("").has_value());
  EXPECT_FALSE(decodeWorkerReport("\x0a\xff").has_value());
  EXPECT_FALSE(decodeJobGraph("nonsense").has_value());
}

TEST(MetadataTest, ComesBackAsItWas) {
  const auto back = decodeMetadata(encodeMetadata(metadata()));
  ASSERT_TRUE(back.has_value()) << back.error().text();
  EXPECT_EQ(encodeMetadata(*back), encodeMetadata(metadata()));
  EXPECT_EQ(back->operators[0].subtasks[0].handle, metadata().operators[0].subtasks[0].handle);
  EXPECT_TRUE(back->operators[0].custom_handles);
  EXPECT_TRUE(back->operators[0].states[0].declared_late);
  EXPECT_EQ(back->data_directory, metadata().data_directory);
}

TEST(MetadataTest, WhatIsThereTwiceIsRefused) {
  const auto refused = [](auto change) {
    runtime::CheckpointMetadata twice = metadata();
    change(twice);
    return !decodeMetadata(encodeMetadata(twice)).has_value();
  };
  using Metadata = runtime::CheckpointMetadata;
  EXPECT_FALSE(refused([](Metadata&) {}));
  EXPECT_TRUE(refused([](Metadata& one) { one.operators.push_back(one.operators[0]); }));
  EXPECT_TRUE(refused([](Metadata& one) {
    auto& states = one.operators[0].states;
    states.push_back(states[0]);
  }));
  EXPECT_TRUE(refused([](Metadata& one) { one.operators[0].subtasks[1].subtask = 0; }));
  EXPECT_TRUE(refused([](Metadata& one) { one.operators[0].subtasks[1].subtask = 2; }));
}

TEST(MetadataTest, WhatStandsBelowAndTheConsumersComeBackAsTheyWere) {
  runtime::CheckpointMetadata with = metadata();
  with.operators.push_back(with.operators[0]);
  with.operators[1].id = idOf<OperatorId>(3);
  with.operators[0].below = idOf<OperatorId>(77).bytes();
  with.operators[0].consumers = {{idOf<OperatorId>(3), 1}};
  const auto back = decodeMetadata(encodeMetadata(with));
  ASSERT_TRUE(back.has_value()) << back.error().text();
  EXPECT_EQ(back->operators[0].below, with.operators[0].below);
  EXPECT_EQ(back->operators[0].consumers, with.operators[0].consumers);
  EXPECT_FALSE(back->operators[1].below.has_value());
}

TEST(MetadataTest, AConsumerThatIsNotThereIsRefused) {
  runtime::CheckpointMetadata with = metadata();
  with.operators[0].consumers = {{idOf<OperatorId>(3), 0}};
  EXPECT_FALSE(decodeMetadata(encodeMetadata(with)).has_value());
}

TEST(MetadataTest, EveryFlippedByteIsCorruption) {
  const std::string image = encodeMetadata(metadata());
  for (std::size_t i = 0; i < image.size(); ++i) {
    std::string flipped = image;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x41);
    const auto back = decodeMetadata(flipped);
    ASSERT_FALSE(back.has_value()) << "byte " << i;
    EXPECT_EQ(back.error().code(), ErrorCode::kCorruption) << "byte " << i;
  }
}

TEST(MetadataTest, EveryTruncationAndAnythingAppendedIsCorruption) {
  const std::string image = encodeMetadata(metadata());
  for (std::size_t size = 0; size < image.size(); ++size) {
    const auto back = decodeMetadata(std::string_view(image).substr(0, size));
    ASSERT_FALSE(back.has_value()) << size << " bytes";
    EXPECT_EQ(back.error().code(), ErrorCode::kCorruption) << size << " bytes";
  }
  EXPECT_EQ(decodeMetadata(image + "x").error().code(), ErrorCode::kCorruption);
}

TEST(MetadataTest, WhatReleasesThatKnowVersion1MayNotIgnoreRaisesTheVersion) {
  EXPECT_EQ(encodeMetadata(metadata())[8], 1);
  runtime::CheckpointMetadata with = metadata();
  with.operators[0].states.push_back(
      {"in-flight/0/ab", state::StateKind::kInFlight, {}, {}, false, 3, 24});
  const std::string image = encodeMetadata(with);
  EXPECT_EQ(image[8], 2);
  const auto back = decodeMetadata(image);
  ASSERT_TRUE(back.has_value()) << back.error().text();
  EXPECT_TRUE(back->hasInFlight());
}

TEST(MetadataTest, AnIntactImageOfANewerFormatIsRefusedByItsNumber) {
  // Version 3 with no message, and the checksum that belongs to it.
  const std::string newer(
      "WEIRMETA\x03\0\0\0\0\0\0\0\0\0\0\0"
      "\xac\xef\x71\x59\x61\x42\x3a\xe9",
      28);
  const auto back = decodeMetadata(newer);
  ASSERT_FALSE(back.has_value());
  EXPECT_EQ(back.error().code(), ErrorCode::kInvalidArgument) << back.error().text();
  EXPECT_NE(back.error().text().find("format 3"), std::string::npos) << back.error().text();
}

runtime::JobProgram program() { return {deployment().program, jobGraph()}; }

TEST(ProgramTest, ComesBackAsItWas) {
  const std::string image = encodeProgram(program());
  const auto back = decodeProgram(image);
  ASSERT_TRUE(back.has_value()) << back.error().text();
  EXPECT_EQ(encodeProgram(*back), image);
  EXPECT_EQ(back->graph->name, program().graph->name);
  EXPECT_TRUE(back->graph->operators[1].custom_handles);
  EXPECT_EQ(back->program.executable.blob, program().program.executable.blob);
  EXPECT_EQ(back->program.libraries[0].name, "libweir.so");
  EXPECT_EQ(back->program.shipped[0].name, "data.txt");
  EXPECT_EQ(back->program.arguments, program().program.arguments);
  EXPECT_EQ(back->program.configuration, program().program.configuration);
}

TEST(ProgramTest, EveryFlippedByteIsCorruption) {
  const std::string image = encodeProgram(program());
  for (std::size_t i = 0; i < image.size(); ++i) {
    std::string flipped = image;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x41);
    const auto back = decodeProgram(flipped);
    ASSERT_FALSE(back.has_value()) << "byte " << i;
    EXPECT_EQ(back.error().code(), ErrorCode::kCorruption) << "byte " << i;
  }
}

TEST(ProgramTest, EveryTruncationAndAnythingAppendedIsCorruption) {
  const std::string image = encodeProgram(program());
  for (std::size_t size = 0; size < image.size(); ++size) {
    const auto back = decodeProgram(std::string_view(image).substr(0, size));
    ASSERT_FALSE(back.has_value()) << size << " bytes";
    EXPECT_EQ(back.error().code(), ErrorCode::kCorruption) << size << " bytes";
  }
  EXPECT_EQ(decodeProgram(image + "x").error().code(), ErrorCode::kCorruption);
}

TEST(ProgramTest, MetadataIsNoProgram) {
  EXPECT_EQ(decodeProgram(encodeMetadata(metadata())).error().code(), ErrorCode::kCorruption);
}

TEST(ProgramTest, AFileThatWouldLeaveItsDirectoryIsRefused) {
  runtime::JobProgram program = wire::program();
  program.program.libraries[0].name = "../libweir.so";
  EXPECT_FALSE(decodeProgram(encodeProgram(program)).has_value());
  program = wire::program();
  program.program.executable.blob.sha256 = "../../metadata";
  EXPECT_FALSE(decodeProgram(encodeProgram(program)).has_value());
}

runtime::DiscardHandles discards() {
  const runtime::Deployment like = deployment();
  runtime::DiscardHandles order;
  order.execution = like.execution;
  order.graph = like.graph;
  order.program = like.program;
  order.configuration = {{"task.cancellation.timeout", "1 s"}};
  for (const char* bytes : {"first", "second"}) {
    runtime::SectionHandle state;
    state.storage = runtime::SectionHandle::Storage::kInline;
    state.bytes = bytes;
    state.size = state.bytes.size();
    order.handles.push_back({like.graph->operators[0].id, state});
  }
  return order;
}

TEST(EncodingTest, HandlesToDiscardComeBackAsTheyWere) {
  const runtime::DiscardHandles order = discards();
  const auto back = decodeWorkerOrder(encode(runtime::WorkerOrder(order)));
  ASSERT_TRUE(back.has_value()) << back.error().text();
  const auto& decoded = std::get<runtime::DiscardHandles>(*back);
  ASSERT_EQ(decoded.handles.size(), 2U);
  EXPECT_EQ(decoded.handles[1].owner, order.handles[1].owner);
  EXPECT_EQ(decoded.handles[1].state, order.handles[1].state);
  EXPECT_EQ(decoded.configuration, order.configuration);
  EXPECT_EQ(encode(*back), encode(runtime::WorkerOrder(order)));
}

TEST(EncodingTest, HandlesToDiscardAreADeploymentForWorkersThatKnowNoOtherForm) {
  v1::WorkerOrder message;
  ASSERT_TRUE(message.ParseFromString(encodeFor(2, discards())));
  EXPECT_TRUE(message.deployment().discards_handles());
  ASSERT_EQ(message.deployment().restores_size(), 1);
  ASSERT_EQ(message.deployment().restores(0).operators_size(), 2);
  EXPECT_EQ(message.deployment().restores(0).operators(1).sections(0).handle().inline_bytes(),
            "second");
  EXPECT_EQ(message.deployment().restore_lists_size(), 0);
}

runtime::CheckpointAck smallAck() {
  runtime::CheckpointAck ack;
  ack.execution = deployment().execution;
  ack.checkpoint = CheckpointId(7);
  ack.task.subtask = 2;
  ack.write_millis = 5;
  return ack;
}

runtime::EncodedAck relayed(const runtime::CheckpointAck& ack) {
  auto decoded = decodeRelayed(encode(runtime::WorkerReport(ack)));
  EXPECT_TRUE(decoded.has_value()) << decoded.error().text();
  return std::get<runtime::EncodedAck>(*std::move(decoded));
}

TEST(RelayedTest, AnAcknowledgementIsKnownByItsHeaderAndIsReadInTheEnd) {
  const runtime::EncodedAck ack = relayed(smallAck());
  EXPECT_EQ(ack.execution, smallAck().execution);
  EXPECT_EQ(ack.checkpoint, CheckpointId(7));
  EXPECT_EQ(ack.task.subtask, 2U);
  const auto read = fromProto(toProto(ack));
  ASSERT_TRUE(read.has_value()) << read.error().text();
  EXPECT_EQ(std::get<runtime::CheckpointAck>(*read).write_millis, 5U);
}

TEST(RelayedTest, OtherReportsAreReadAtOnce) {
  const auto report = decodeRelayed(encode(runtime::WorkerReport(runtime::LeaseTaken{9})));
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(std::get<runtime::LeaseTaken>(std::get<runtime::WorkerReport>(*report)).until_nanos, 9);
}

TEST(RelayedTest, WhatCannotBeReadDeclinesItsCheckpointAndNoMore) {
  runtime::EncodedAck ack = relayed(smallAck());
  ack.bytes += "\x07";
  const auto read = fromProto(toProto(ack));
  ASSERT_TRUE(read.has_value()) << read.error().text();
  const auto& decline = std::get<runtime::CheckpointDecline>(*read);
  EXPECT_EQ(decline.checkpoint, CheckpointId(7));
  EXPECT_NE(decline.reason.find("cannot be read"), std::string::npos);
}

TEST(RelayedTest, AnAcknowledgementThatSpeaksOfAnotherTaskThanItsHeaderIsDeclined) {
  runtime::EncodedAck ack = relayed(smallAck());
  ack.task.subtask = 1;
  const auto read = fromProto(toProto(ack));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(std::get<runtime::CheckpointDecline>(*read).task.subtask, 1U);
}

}  // namespace
}  // namespace weir::wire
