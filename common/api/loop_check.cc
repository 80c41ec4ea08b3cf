#include "common/api/loop_check.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace weir::api {

namespace {

constexpr const char* kTail = "iterationTail";

using Tails = std::multimap<std::uint32_t, std::uint32_t>;  // By head.

Tails tailsOf(const graph::StreamGraph& graph) {
  Tails tails;
  for (std::uint32_t i = 0; i < graph.nodes().size(); ++i) {
    const graph::StreamNode& node = graph.nodes()[i];
    if (node.kind == kTail && node.placed_with) {
      tails.emplace(*node.placed_with, i);
    }
  }
  return tails;
}

/// The nodes whose records lead to some at this one, those that go round included.
std::set<std::uint32_t> originsOf(const graph::StreamGraph& graph,
                                  const Tails& tails,
                                  std::uint32_t of) {
  std::set<std::uint32_t> all;
  std::vector<std::uint32_t> left{of};
  while (!left.empty()) {
    const std::uint32_t node = left.back();
    left.pop_back();
    if (!all.insert(node).second) {
      continue;
    }
    for (const graph::StreamEdge& input : graph.nodes()[node].inputs) {
      left.push_back(input.source);
    }
    for (auto [tail, end] = tails.equal_range(node); tail != end; ++tail) {
      left.push_back(tail->second);
    }
  }
  return all;
}

std::string nameOf(const graph::StreamNode& node) {
  return "'" + (node.uid ? *node.uid : node.name.empty() ? node.kind : node.name) + "'";
}

/// The nodes that records of the head come to.
std::set<std::uint32_t> reachedFrom(const graph::StreamGraph& graph, std::uint32_t head) {
  std::set<std::uint32_t> all{head};
  for (std::uint32_t node = head + 1; node < graph.nodes().size(); ++node) {  // Inputs come before.
    for (const graph::StreamEdge& input : graph.nodes()[node].inputs) {
      if (all.contains(input.source)) {
        all.insert(node);
      }
    }
  }
  return all;
}

/// Of an edge of the loop of `head` that its subtasks do not all see, and not each by itself.
std::optional<std::string> unevenEdge(const graph::StreamGraph& graph,
                                      const graph::JobGraph& job,
                                      const std::set<std::uint32_t>& origins,
                                      std::uint32_t head) {
  const std::set<std::uint32_t> reached = reachedFrom(graph, head);
  for (const std::uint32_t node : reached) {
    for (const graph::StreamEdge& input : graph.nodes()[node].inputs) {
      const std::uint32_t from = job.operators[input.source].parallelism;
      const std::uint32_t to = job.operators[node].parallelism;
      if (origins.contains(node) && reached.contains(input.source) && from != to && from != 1 &&
          to != 1 && input.partitioning && graph::isPointwise(*input.partitioning)) {
        return "the iteration " + nameOf(graph.nodes()[head]) + " has rescale() within it, from " +
               nameOf(graph.nodes()[input.source]) + " with parallelism " + std::to_string(from) +
               " to " + nameOf(graph.nodes()[node]) + " with parallelism " + std::to_string(to) +
               ", by which its end could not be found: use rebalance(), or make the two equal";
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> loopProblem(const graph::StreamGraph& graph,
                                       const graph::JobGraph& job) {
  const Tails tails = tailsOf(graph);
  std::map<std::uint32_t, std::set<std::uint32_t>> origins;  // By head.
  for (const auto& [head, tail] : tails) {
    origins.emplace(head, originsOf(graph, tails, head));
  }
  for (const auto& [head, of_head] : origins) {
    if (auto problem = unevenEdge(graph, job, of_head, head)) {
      return problem;
    }
  }
  for (const auto& [first, of_first] : origins) {
    for (const auto& [second, of_second] : origins) {
      if (first < second && of_first.contains(second) && of_second.contains(first)) {
        return "the iterations " + nameOf(graph.nodes()[first]) + " and " +
               nameOf(graph.nodes()[second]) +
               " exchange records, so that each would wait for the end of the other one: make one "
               "loop of both";
      }
    }
  }
  return std::nullopt;
}

}  // namespace weir::api
