#include <sstream>

#include "common/fs/file_system.h"
#include "common/snapshot/state_files.h"
#include "tests/sim/fake_cluster.h"

namespace weir::sim {
namespace {

OperatorId idOf(std::uint8_t number) {
  Bytes16 bytes{};
  bytes[15] = number;
  return OperatorId(bytes);
}

graph::JobOperator makeOperator(std::uint8_t number,
                                const std::string& name,
                                std::uint32_t parallelism) {
  graph::JobOperator one;
  one.id = idOf(number);
  one.uid = name;
  one.name = name;
  one.kind = name;
  one.parallelism = parallelism;
  one.stateful = true;
  return one;
}

graph::JobVertex makeVertex(std::uint32_t index, const graph::JobOperator& head) {
  graph::JobVertex vertex;
  vertex.id = head.id;
  vertex.name = head.name;
  vertex.parallelism = head.parallelism;
  vertex.operators = {index};
  return vertex;
}

}  // namespace

graph::JobGraph Model::graph(const std::string& name) const {
  graph::JobGraph graph;
  graph.name = name;
  graph.operators = {makeOperator(1, "source", sources), makeOperator(2, "count", counters)};
  graph.operators[1].custom_handles = handles;
  graph.vertices = {makeVertex(0, graph.operators[0]), makeVertex(1, graph.operators[1])};
  graph::JobEdge edge;
  edge.target_vertex = 1;
  edge.target_operator = 1;
  edge.partitioning = graph::Partitioning::kHash;
  graph.edges = {edge};
  graph.checkpoints.enabled = true;
  graph.checkpoints.interval = std::chrono::milliseconds(500);
  graph.checkpoints.timeout = std::chrono::seconds(20);
  return graph;
}

bool ModelState::consistent() const {
  std::map<std::uint64_t, std::uint64_t> expected;
  for (const auto& [source, position] : positions) {
    for (std::uint64_t i = 0; i < position; ++i) {
      ++expected[Model::keyOf(source, i)];
    }
  }
  return expected == counts;
}

void addSection(ModelState& state, const std::string& section) {
  std::istringstream in(section);
  char kind = 0;
  std::uint64_t key = 0;
  std::uint64_t value = 0;
  while (in >> kind >> key >> value) {
    if (kind == 's') {
      state.positions[static_cast<std::uint32_t>(key)] = value;
    } else if (kind == 'h') {
      state.handles.insert(key);
    } else {
      state.counts[key] += value;
    }
  }
}

Result<ModelState> readState(fs::FileSystem& files, const runtime::Restores& restores) {
  ModelState state;
  for (const runtime::TaskRestore& task : restores.tasks) {
    for (const runtime::OperatorRestoreOrder& one : task.operators) {
      for (const auto& section : restores.sectionsOf(one)) {
        WEIR_TRY(auto bytes, fs::readAll(files, section.handle.location));
        addSection(state, bytes);
      }
    }
  }
  return state;
}

Result<ModelState> readState(fs::FileSystem& files, const runtime::CheckpointMetadata& metadata) {
  ModelState state;
  for (const runtime::SavedOperator& op : metadata.operators) {
    for (const runtime::SubtaskState& subtask : op.subtasks) {
      if (subtask.handle.storage == runtime::SectionHandle::Storage::kFile) {
        WEIR_TRY(auto bytes,
                 fs::readAll(files, snapshot::resolve(metadata, subtask.handle).location));
        addSection(state, bytes);
      }
    }
  }
  return state;
}

}  // namespace weir::sim
