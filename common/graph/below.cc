#include "common/graph/below.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "common/graph/murmur3.h"

namespace weir::graph {
namespace {

std::string encode(std::uint32_t port, const Bytes16& below) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<char>(port >> shift));
  }
  return bytes.append(reinterpret_cast<const char*>(below.data()), below.size());
}

}  // namespace

std::vector<std::vector<Consumer>> consumersByOperator(const JobGraph& graph) {
  std::vector<std::vector<Consumer>> consumers(graph.operators.size());
  for (const JobVertex& vertex : graph.vertices) {
    for (const ChainLink& link : vertex.links) {
      consumers[link.source].push_back({link.target, link.port});
    }
  }
  for (const JobEdge& edge : graph.edges) {
    consumers[edge.source_operator].push_back({edge.target_operator, edge.port});
  }
  for (std::vector<Consumer>& of_one : consumers) {
    std::sort(of_one.begin(), of_one.end(), [](const Consumer& left, const Consumer& right) {
      return std::tie(left.port, left.index) < std::tie(right.port, right.index);
    });
  }
  return consumers;
}

std::vector<Bytes16> structuresBelow(const JobGraph& graph) {
  const auto consumers = consumersByOperator(graph);
  std::vector<Bytes16> below(graph.operators.size());
  // Vertices come after their inputs and operators of a chain after theirs: backwards, each comes
  // after its consumers.
  for (auto vertex = graph.vertices.rbegin(); vertex != graph.vertices.rend(); ++vertex) {
    for (auto index = vertex->operators.rbegin(); index != vertex->operators.rend(); ++index) {
      std::vector<std::string> pairs;
      for (const Consumer& consumer : consumers[*index]) {
        pairs.push_back(encode(consumer.port, below[consumer.index]));
      }
      std::sort(pairs.begin(), pairs.end());
      std::string bytes = graph.operators[*index].kind;
      bytes.push_back('\0');
      for (const std::string& pair : pairs) {
        bytes += pair;
      }
      below[*index] = murmur3(bytes);
    }
  }
  return below;
}

}  // namespace weir::graph
