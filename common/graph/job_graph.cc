#include "common/graph/job_graph.h"

#include <algorithm>
#include <type_traits>

namespace weir::graph {
namespace {

std::string describe(const JobOperator& op) {
  return "'" + op.name + "' (" + op.kind + (op.uid.empty() ? "" : ", uid '" + op.uid + "'") + ")";
}

std::string changed(const std::string& what, std::uint32_t before, std::uint32_t now) {
  return what + " " + std::to_string(before) + " when it was submitted and " + std::to_string(now) +
         " here";
}

std::string differenceOf(const JobOperator& submitted, const JobOperator& rebuilt) {
  const std::string who = "operator " + describe(submitted);
  if (submitted.kind != rebuilt.kind || submitted.uid != rebuilt.uid) {
    return who + " of the submitted graph is " + describe(rebuilt) + " here";
  }
  if (submitted.id != rebuilt.id) {
    return who + " stands at another place of the graph here";
  }
  if (submitted.parallelism != rebuilt.parallelism) {
    return who + " " + changed("had parallelism", submitted.parallelism, rebuilt.parallelism);
  }
  if (submitted.max_parallelism != rebuilt.max_parallelism) {
    return who + " " +
           changed("had maximum parallelism", submitted.max_parallelism, rebuilt.max_parallelism);
  }
  const bool other_windows =
      submitted.windows && rebuilt.windows && *submitted.windows != *rebuilt.windows;
  if (submitted.states != rebuilt.states || submitted.stateful != rebuilt.stateful ||
      other_windows) {
    return who + " declares other state here than when it was submitted";
  }
  return {};
}

bool equal(const JobVertex& a, const JobVertex& b) {
  const auto link = [](const ChainLink& x, const ChainLink& y) {
    return x.source == y.source && x.target == y.target && x.port == y.port;
  };
  return a.operators == b.operators && a.slot_sharing_group == b.slot_sharing_group &&
         std::equal(a.links.begin(), a.links.end(), b.links.begin(), b.links.end(), link);
}

bool equal(const JobEdge& a, const JobEdge& b) {
  return a.source_operator == b.source_operator && a.target_operator == b.target_operator &&
         a.port == b.port && a.partitioning == b.partitioning;
}

}  // namespace

static_assert(!std::is_copy_constructible_v<JobGraph> && !std::is_copy_assignable_v<JobGraph>);

/// A member that is missing here does not compile.
JobGraph copyOf(const JobGraph& graph) {
  const auto& [name,
               max_parallelism,
               operators,
               vertices,
               edges,
               checkpoints,
               restart,
               state_backend,
               once,
               only_moved] = graph;
  return {.name = name,
          .max_parallelism = max_parallelism,
          .operators = operators,
          .vertices = vertices,
          .edges = edges,
          .checkpoints = checkpoints,
          .restart = restart,
          .state_backend = state_backend,
          .once = once};
}

std::string firstDifference(const JobGraph& submitted, const JobGraph& rebuilt) {
  const std::size_t both = std::min(submitted.operators.size(), rebuilt.operators.size());
  for (std::size_t i = 0; i < both; ++i) {
    if (auto text = differenceOf(submitted.operators[i], rebuilt.operators[i]); !text.empty()) {
      return text;
    }
  }
  if (submitted.operators.size() > both) {
    return "operator " + describe(submitted.operators[both]) +
           " of the submitted graph is missing here";
  }
  if (rebuilt.operators.size() > both) {
    return "operator " + describe(rebuilt.operators[both]) +
           " is not part of the graph that was submitted";
  }
  for (std::size_t i = 0; i < submitted.vertices.size(); ++i) {
    if (i >= rebuilt.vertices.size() || !equal(submitted.vertices[i], rebuilt.vertices[i])) {
      return "the chain of operators that starts with " +
             describe(submitted.operators[submitted.vertices[i].operators.front()]) +
             " is another one here";
    }
  }
  for (std::size_t i = 0; i < submitted.edges.size(); ++i) {
    if (i >= rebuilt.edges.size() || !equal(submitted.edges[i], rebuilt.edges[i])) {
      return "an input of operator " +
             describe(submitted.operators[submitted.edges[i].target_operator]) +
             " is partitioned or connected in another way here";
    }
  }
  return {};
}

}  // namespace weir::graph
