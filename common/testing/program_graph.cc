#include "common/testing/program_graph.h"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

#include "common/api/program.h"

namespace weir::testing {

graph::ProgramGraph programGraph(const Program& program, int parallelism) {
  const auto environment = StreamExecutionEnvironment::of(
      std::make_shared<api::Program>(static_cast<std::uint32_t>(parallelism)));
  auto given = environment;
  program(given);
  auto built = environment.getProgramGraph("test");
  if (!built.has_value()) {
    throw JobExecutionException(built.error().text());
  }
  return *std::move(built);
}

void throwUnlessTask(const graph::JobGraph& graph, const std::string& name, int subtask) {
  std::string names;
  for (const graph::JobVertex& vertex : graph.vertices) {
    bool found = vertex.name == name;
    for (const std::uint32_t index : vertex.operators) {
      found = found || graph.operators[index].name == name;
      names += (names.empty() ? "'" : ", '") + graph.operators[index].name + "'";
    }
    if (!found) {
      continue;
    }
    if (subtask < 0 || static_cast<std::uint32_t>(subtask) >= vertex.parallelism) {
      throw std::invalid_argument("'" + name + "' has subtasks 0 to " +
                                  std::to_string(vertex.parallelism - 1) + ", not " +
                                  std::to_string(subtask));
    }
    return;
  }
  throw std::invalid_argument("no operator is called '" + name + "'; there are " + names);
}

}  // namespace weir::testing
