#include "common/program/chaining.h"

#include <cstddef>

#include "common/base/text.h"

namespace weir::graph {
namespace {

constexpr std::size_t kLongestVertexName = 4096;  // It names every operator of the chain.

bool isChainable(const std::vector<StreamNode>& nodes,
                 const std::vector<ResolvedNode>& resolved,
                 std::uint32_t target) {
  const StreamNode& consumer = nodes[target];
  if (consumer.inputs.size() != 1 || consumer.chaining != Chaining::kAlways) {
    return false;
  }
  const std::uint32_t source = consumer.inputs[0].source;
  return nodes[source].chaining != Chaining::kNever &&
         resolved[target].inputs[0] == Partitioning::kForward &&
         resolved[source].parallelism == resolved[target].parallelism &&
         resolved[source].slot_sharing_group == resolved[target].slot_sharing_group;
}

/// Fills one vertex from its head on.
class VertexBuilder {
 public:
  VertexBuilder(const JobGraph& graph,
                const std::vector<std::vector<std::uint32_t>>& chained,
                JobVertex& vertex)
      : graph_(graph), chained_(chained), vertex_(vertex) {}

  /// Adds `index` and what is chained to it; returns their part of the vertex's name.
  std::string add(std::uint32_t index) {
    vertex_.operators.push_back(index);
    std::string name = graph_.operators[index].name;
    std::string consumers;
    for (const std::uint32_t target : chained_[index]) {
      vertex_.links.push_back({index, target, 0});
      consumers += (consumers.empty() ? "" : ", ") + add(target);
    }
    if (chained_[index].size() > 1) {
      consumers = "(" + consumers + ")";
    }
    return consumers.empty() ? name : name + " -> " + consumers;
  }

 private:
  const JobGraph& graph_;
  const std::vector<std::vector<std::uint32_t>>& chained_;
  JobVertex& vertex_;
};

void addEdges(const std::vector<StreamNode>& nodes,
              const std::vector<ResolvedNode>& resolved,
              const std::vector<std::uint32_t>& vertex_of,
              std::uint32_t head,
              ProgramGraph& program) {
  for (std::size_t i = 0; i < nodes[head].inputs.size(); ++i) {
    const StreamEdge& input = nodes[head].inputs[i];
    const Partitioning partitioning = resolved[head].inputs[i];
    JobEdge edge;
    edge.source_vertex = vertex_of[input.source];
    edge.target_vertex = vertex_of[head];
    edge.source_operator = input.source;
    edge.target_operator = head;
    edge.port = input.port;
    edge.partitioning = partitioning;
    if (input.records != nullptr) {
      edge.records = input.records();
    }
    program.graph.edges.push_back(edge);
    EdgeCode code;
    if (input.make_writer) {
      code.make_writer = input.make_writer({partitioning, resolved[head].max_parallelism});
    }
    code.make_reader = input.make_reader;
    code.side = input.side;
    program.code.edges.push_back(std::move(code));
  }
}

}  // namespace

void chain(const std::vector<StreamNode>& nodes,
           const std::vector<ResolvedNode>& resolved,
           bool enabled,
           ProgramGraph& program) {
  JobGraph& graph = program.graph;
  std::vector<std::vector<std::uint32_t>> chained(nodes.size());
  std::vector<std::uint32_t> heads;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    if (enabled && isChainable(nodes, resolved, i)) {
      chained[nodes[i].inputs[0].source].push_back(i);
      program.code.operators[i].side = nodes[i].inputs[0].side;
    } else {
      heads.push_back(i);
    }
  }
  // Only a head has inputs from other vertices, and they were created before it: the order of heads
  // is an order of vertices.
  std::vector<std::uint32_t> vertex_of(nodes.size());
  for (const std::uint32_t head : heads) {
    JobVertex vertex;
    vertex.id = graph.operators[head].id;
    vertex.parallelism = resolved[head].parallelism;
    vertex.max_parallelism = resolved[head].max_parallelism;
    vertex.slot_sharing_group = resolved[head].slot_sharing_group;
    vertex.name = cutText(VertexBuilder(graph, chained, vertex).add(head), kLongestVertexName);
    for (const std::uint32_t member : vertex.operators) {
      vertex_of[member] = static_cast<std::uint32_t>(graph.vertices.size());
    }
    graph.vertices.push_back(std::move(vertex));
  }
  for (const std::uint32_t head : heads) {
    addEdges(nodes, resolved, vertex_of, head, program);
  }
}

}  // namespace weir::graph
