#pragma once

#include <string>
#include <utility>

#include "common/graph/job_graph.h"
#include "common/runtime/check_messages.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/messages.h"

namespace weir::wire::testing {

template <typename Id>
Id idOf(std::uint8_t byte) {
  Bytes16 bytes{};
  bytes.fill(byte);
  return Id(bytes);
}

/// source -> map (chained), then a hash edge to a sink; nothing is left at its default.
inline graph::JobGraph jobGraph() {
  graph::JobGraph graph;
  graph.name = "job \xff";  // Names need not be UTF-8.
  graph.max_parallelism = 128;
  for (std::uint8_t i = 0; i < 3; ++i) {
    graph::JobOperator one;
    one.id = idOf<OperatorId>(static_cast<std::uint8_t>(i + 1));
    one.uid = "uid" + std::to_string(i);
    one.name = "operator " + std::to_string(i);
    one.kind = "map";
    one.siblings = 2;
    one.parallelism = 2;
    one.max_parallelism = 128;
    one.stateful = true;
    one.custom_handles = true;
    one.payload = std::string("\0\1", 2);
    one.buffer_timeout = std::chrono::milliseconds(7);
    graph.operators.push_back(std::move(one));
  }
  graph.operators[1].states.push_back({"count", state::StateKind::kValue, {}, {}});
  graph.vertices.push_back(
      {graph.operators[0].id, "source -> map", 2, 128, "default", {0, 1}, {{0, 1, 0}}});
  graph.vertices.push_back({graph.operators[2].id, "sink", 2, 128, "other", {2}, {}});
  graph::JobEdge edge;
  edge.source_vertex = 0;
  edge.target_vertex = 1;
  edge.source_operator = 1;
  edge.target_operator = 2;
  edge.partitioning = graph::Partitioning::kHash;
  edge.records.kind = record::SchemaKind::kString;
  graph.edges.push_back(edge);
  graph.checkpoints.enabled = true;
  graph.checkpoints.interval = std::chrono::seconds(1);
  graph.restart.kind = graph::RestartStrategy::Kind::kFixedDelay;
  graph.restart.attempts = 3;
  graph.state_backend = "filesystem";
  graph.once.push_back({"now", "42"});
  return graph;
}

inline runtime::ExecutionId execution() { return {idOf<JobId>(9), AttemptId(3), LeaderEpoch(2)}; }

inline runtime::SectionHandle inlineHandle(const std::string& bytes) {
  runtime::SectionHandle handle;
  handle.storage = runtime::SectionHandle::Storage::kInline;
  handle.bytes = bytes;
  handle.size = bytes.size();
  handle.checksum = 77;
  return handle;
}

inline runtime::Deployment deployment() {
  runtime::Deployment deployment;
  deployment.execution = execution();
  deployment.graph = jobGraph();
  const runtime::BlobKey blob{std::string(64, 'a'), 12};
  deployment.program.executable = {"word_count", blob};
  deployment.program.libraries = {{"libweir.so", blob}};
  deployment.program.shipped = {{"data.txt", blob}};
  deployment.program.arguments = {"--rate", "\xfe"};
  deployment.program.configuration = {{"parallelism.default", "2"}};
  deployment.workers = {{idOf<TaskManagerId>(1), "a", 1}, {idOf<TaskManagerId>(2), "b", 65535}};
  deployment.self = 1;
  deployment.placement = {{0, 1}, {1, 0}};
  deployment.token = "token";
  runtime::OperatorRestoreOrder restore;
  restore.id = idOf<OperatorId>(2);
  restore.old_parallelism = 2;
  restore.finished = true;
  deployment.restores.give(restore, {{1, inlineHandle("abc")}});
  deployment.restores.tasks = {{{idOf<OperatorId>(1), 1}, {restore}}};
  deployment.storage.kind = runtime::CheckpointStorage::Kind::kFileSystem;
  deployment.storage.keeps_descriptions = true;
  deployment.storage.directory = "file:/checkpoints/job";
  deployment.configuration = {{"task.cancellation.timeout", "30 s"}};
  deployment.slots = 2;
  return deployment;
}

inline runtime::CheckpointMetadata metadata() {
  runtime::CheckpointMetadata metadata;
  metadata.writer = "0.1.0";
  metadata.job = idOf<JobId>(9);
  metadata.job_name = "job";
  metadata.checkpoint = CheckpointId(5);
  metadata.savepoint = true;
  metadata.trigger_millis = 1234;
  metadata.duration_millis = 56;
  metadata.data_directory = "file:/checkpoints/job/chk-5";
  metadata.program_hash = "hash";
  runtime::SavedOperator one;
  one.id = idOf<OperatorId>(2);
  one.uid = "uid1";
  one.name = "operator 1";
  one.kind = "map";
  one.parallelism = 2;
  one.custom_handles = true;
  one.states.push_back({"count", state::StateKind::kValue, {}, {}, true, 3, 24});
  one.subtasks = {{0, true, inlineHandle("abc")}, {1, false, {}}};
  metadata.operators.push_back(std::move(one));
  return metadata;
}

/// A check of the first operator of jobGraph(); nothing is left at its default.
inline runtime::CheckRestore checkOfAll() {
  runtime::CheckRestore check;
  check.graph = jobGraph();
  check.program.arguments = {"--rate", "3"};
  check.program.default_parallelism = 2;
  const graph::JobVertex& vertex = check.graph->vertices[0];
  runtime::OperatorRestoreOrder order;
  order.id = check.graph->operators[vertex.operators[0]].id;
  order.old_parallelism = 1;
  runtime::SectionHandle handle;
  handle.storage = runtime::SectionHandle::Storage::kFile;
  handle.location = "file:/s/state-1";
  check.restores.give(order, {{0, handle}});
  check.restores.tasks.push_back({{vertex.id, 0}, {order}});
  check.done = {order.id};
  return check;
}

}  // namespace weir::wire::testing
