#include "common/wire/graph_checks.h"

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/wire/fields.h"

namespace weir::wire {
namespace {

using fields::wrong;

constexpr std::uint32_t kMostPorts = 256;
constexpr std::uint32_t kNowhere = UINT32_MAX;

std::string describe(const graph::JobOperator& one) { return "operator '" + one.name + "'"; }
std::string describe(const graph::JobVertex& one) { return "vertex '" + one.name + "'"; }

/// Where each operator stands: its vertex, and its place in it, 0 for the head.
struct Place {
  std::uint32_t vertex = kNowhere;
  std::uint32_t position = 0;
};

Status checkOperators(const graph::JobGraph& graph) {
  std::unordered_map<OperatorId, const graph::JobOperator*> known;
  for (const graph::JobOperator& one : graph.operators) {
    const auto [twin, fresh] = known.emplace(one.id, &one);
    if (!fresh) {
      return wrong(
          describe(one),
          "has the id " + one.id.hex() + ", which is also that of " + describe(*twin->second));
    }
    std::set<std::string_view> names;
    for (const graph::StateDeclaration& state : one.states) {
      if (state.name.empty() || !names.insert(state.name).second) {
        return wrong(describe(one),
                     "declares a state without a name, or two named '" + state.name + "'");
      }
    }
  }
  std::set<std::string_view> names;
  for (const graph::OnceValue& value : graph.once) {
    if (!names.insert(value.name).second) {
      return wrong("the graph", "has two values of once() named '" + value.name + "'");
    }
  }
  return ok();
}

/// Every operator stands in exactly one vertex and has its parallelism.
Result<std::vector<Place>> placesOf(const graph::JobGraph& graph) {
  std::vector<Place> places(graph.operators.size());
  for (std::uint32_t index = 0; index < graph.vertices.size(); ++index) {
    const graph::JobVertex& vertex = graph.vertices[index];
    if (vertex.operators.empty()) {
      return wrong(describe(vertex), "has no operator");
    }
    for (std::uint32_t position = 0; position < vertex.operators.size(); ++position) {
      const std::uint32_t one = vertex.operators[position];
      if (one >= places.size() || places[one].vertex != kNowhere) {
        return wrong(describe(vertex),
                     "names operator " + std::to_string(one) + ", which is not its own");
      }
      places[one] = {index, position};
      if (graph.operators[one].parallelism != vertex.parallelism) {
        return wrong(describe(vertex),
                     "has the parallelism " + std::to_string(vertex.parallelism) + " and " +
                         describe(graph.operators[one]) + " in it " +
                         std::to_string(graph.operators[one].parallelism));
      }
    }
    if (graph.operators[vertex.operators.front()].id != vertex.id) {
      return wrong(describe(vertex), "does not have the id of its first operator");
    }
  }
  for (std::uint32_t index = 0; index < places.size(); ++index) {
    if (places[index].vertex == kNowhere) {
      return wrong(describe(graph.operators[index]), "stands in no vertex");
    }
  }
  return places;
}

/// Links stay inside their vertex; each operator but the head has one input, from before it.
Status checkLinks(const graph::JobGraph& graph, const std::vector<Place>& places) {
  for (std::uint32_t index = 0; index < graph.vertices.size(); ++index) {
    const graph::JobVertex& vertex = graph.vertices[index];
    std::vector<bool> fed(vertex.operators.size());
    fed[0] = true;  // From other vertices, or a source.
    for (const graph::ChainLink& link : vertex.links) {
      if (link.source >= places.size() || link.target >= places.size() ||
          places[link.source].vertex != index || places[link.target].vertex != index) {
        return wrong(describe(vertex), "has a link to an operator outside of it");
      }
      const std::uint32_t to = places[link.target].position;
      if (places[link.source].position >= to || fed[to] || link.port >= kMostPorts) {
        return wrong(describe(vertex),
                     "feeds " + describe(graph.operators[link.target]) +
                         " from behind it, twice, or at a port that is not there");
      }
      fed[to] = true;
    }
    if (vertex.links.size() + 1 != vertex.operators.size()) {
      return wrong(describe(vertex), "has an operator that nothing feeds");
    }
  }
  return ok();
}

Status checkEdges(const graph::JobGraph& graph, const std::vector<Place>& places) {
  for (const graph::JobEdge& edge : graph.edges) {
    if (edge.source_vertex >= graph.vertices.size() ||
        edge.target_vertex >= graph.vertices.size() || edge.source_operator >= places.size() ||
        edge.target_operator >= places.size() ||
        places[edge.source_operator].vertex != edge.source_vertex ||
        places[edge.target_operator].vertex != edge.target_vertex) {
      return wrong("an edge", "connects operators that are not in its vertices");
    }
    const graph::JobVertex& source = graph.vertices[edge.source_vertex];
    const graph::JobVertex& target = graph.vertices[edge.target_vertex];
    const std::string what = "the edge from " + describe(source) + " to " + describe(target);
    if (edge.source_vertex >= edge.target_vertex) {
      return wrong(what, "leads back, and a job has no cycle");
    }
    if (places[edge.target_operator].position != 0 || edge.port >= kMostPorts) {
      return wrong(what, "ends inside of a chain, or at a port that is not there");
    }
    if (edge.partitioning == graph::Partitioning::kForward &&
        source.parallelism != target.parallelism) {
      return wrong(what,
                   "goes forward between the parallelisms " + std::to_string(source.parallelism) +
                       " and " + std::to_string(target.parallelism));
    }
  }
  return ok();
}

}  // namespace

Status checkGraph(const graph::JobGraph& graph) {
  WEIR_RETURN_IF_ERROR(checkOperators(graph));
  WEIR_TRY(const auto places, placesOf(graph));
  WEIR_RETURN_IF_ERROR(checkLinks(graph, places));
  return checkEdges(graph, places);
}

}  // namespace weir::wire
