#include "common/graph/plan.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "common/base/utf8.h"
#include "common/schema/schema.h"
#include "common/schema/state_kinds.h"

namespace weir::graph {
namespace {

std::string quoted(std::string_view text) {
  std::string json = "\"";
  for (const char c : asUtf8(text)) {
    if (c == '"' || c == '\\') {
      json += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      json += escaped;
    } else {
      json += c;
    }
  }
  return json + "\"";
}

template <typename Range, typename F>
std::string list(const Range& items, F json_of) {
  std::string json = "[";
  for (const auto& item : items) {
    json += (json.size() == 1 ? "" : ",") + json_of(item);
  }
  return json + "]";
}

std::string stateJson(const StateDeclaration& state) {
  return R"({"name":)" + quoted(state.name) + R"(,"kind":)" + quoted(state::toString(state.kind)) +
         R"(,"schema":)" + quoted(record::describeSchema(state.value)) + "}";
}

std::string warningOf(const JobOperator& op) { return op.stateful ? uidWarning(op) : ""; }

std::string operatorJson(const JobOperator& op) {
  const std::string warning = warningOf(op);
  return R"({"id":)" + quoted(op.id.hex()) + R"(,"uid":)" +
         (op.uid.empty() ? "null" : quoted(op.uid)) + R"(,"name":)" + quoted(op.name) +
         R"(,"parallelism":)" + std::to_string(op.parallelism) + R"(,"states":)" +
         list(op.states, stateJson) + (warning.empty() ? "" : R"(,"warning":)" + quoted(warning)) +
         "}";
}

std::string vertexJson(const JobGraph& graph, std::uint32_t index) {
  const JobVertex& vertex = graph.vertices[index];
  std::vector<JobEdge> inputs;
  std::copy_if(
      graph.edges.begin(), graph.edges.end(), std::back_inserter(inputs), [&](const JobEdge& edge) {
        return edge.target_vertex == index;
      });
  const auto input_json = [&](const JobEdge& edge) {
    return R"({"id":)" + quoted(graph.vertices[edge.source_vertex].id.hex()) +
           R"(,"ship_strategy":)" + quoted(shipStrategy(edge.partitioning)) + "}";
  };
  const auto operator_json = [&](std::uint32_t op) { return operatorJson(graph.operators[op]); };
  return R"({"id":)" + quoted(vertex.id.hex()) + R"(,"name":)" + quoted(vertex.name) +
         R"(,"parallelism":)" + std::to_string(vertex.parallelism) + R"(,"inputs":)" +
         list(inputs, input_json) + R"(,"operators":)" + list(vertex.operators, operator_json) +
         "}";
}

}  // namespace

std::string_view shipStrategy(Partitioning partitioning) {
  switch (partitioning) {
    case Partitioning::kForward:
      return "FORWARD";
    case Partitioning::kHash:
      return "HASH";
    case Partitioning::kShuffle:
      return "SHUFFLE";
    case Partitioning::kRebalance:
      return "REBALANCE";
    case Partitioning::kRescale:
      return "RESCALE";
    case Partitioning::kBroadcast:
      return "BROADCAST";
    case Partitioning::kGlobal:
      return "GLOBAL";
    case Partitioning::kCustom:
      return "CUSTOM";
  }
  return "UNKNOWN";
}

std::string planJson(const JobGraph& graph) {
  std::vector<std::uint32_t> indexes(graph.vertices.size());
  for (std::uint32_t i = 0; i < indexes.size(); ++i) {
    indexes[i] = i;
  }
  const auto vertex_json = [&](std::uint32_t index) { return vertexJson(graph, index); };
  return R"({"name":)" + quoted(graph.name) + R"(,"vertices":)" + list(indexes, vertex_json) + "}";
}

std::string uidWarning(const JobOperator& op) {
  if (!op.uid.empty()) {
    return {};
  }
  std::string warning = "operator '" + op.name + "' has state and no uid: its id " + op.id.hex() +
                        " changes when the program's structure before it does, and its state is "
                        "refused when what stands below it differs";
  if (op.siblings > 1) {
    warning += "; only the order of creation tells it from " + std::to_string(op.siblings - 1) +
               " of equal structure";
  }
  return warning + "; set one with uid(...)";
}

std::vector<std::string> planWarnings(const JobGraph& graph) {
  std::vector<std::string> warnings;
  for (const JobOperator& op : graph.operators) {
    if (std::string warning = warningOf(op); !warning.empty()) {
      warnings.push_back(std::move(warning));
    }
  }
  return warnings;
}

std::uint32_t slotsNeeded(const JobGraph& graph) {
  std::map<std::string_view, std::uint32_t> largest;
  for (const JobVertex& vertex : graph.vertices) {
    std::uint32_t& slots = largest[vertex.slot_sharing_group];
    slots = std::max(slots, vertex.parallelism);
  }
  std::uint32_t sum = 0;
  for (const auto& [group, slots] : largest) {
    sum += slots;
  }
  return sum;
}

}  // namespace weir::graph
