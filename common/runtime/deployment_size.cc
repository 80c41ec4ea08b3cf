#include "common/runtime/deployment_size.h"

#include <algorithm>
#include <map>
#include <vector>

namespace weir::runtime {

namespace {

constexpr std::size_t kMostName = 200;

/// What the handles of each operator take.
std::map<OperatorId, std::uint64_t> stateBytes(const Restores& restores) {
  std::map<OperatorId, std::uint64_t> bytes;
  std::vector<bool> counted(restores.lists.size());
  for (const TaskRestore& task : restores.tasks) {
    for (const OperatorRestoreOrder& order : task.operators) {
      if (order.count == 0 || counted[order.list]) {
        continue;
      }
      counted[order.list] = true;
      for (const RestoreSection& section : restores.lists[order.list]) {
        bytes[order.id] += bytesOf(section.handle);
      }
    }
  }
  return bytes;
}

std::string nameOf(const graph::JobGraph& graph, const OperatorId& id) {
  const auto found = std::ranges::find(graph.operators, id, &graph::JobOperator::id);
  return found == graph.operators.end() ? id.hex() : found->name.substr(0, kMostName);
}

}  // namespace

std::string deploymentTooLarge(const Deployment& deployment,
                               const std::string& host,
                               std::uint64_t bytes,
                               const std::string& bound) {
  const std::string name = "'" + deployment.graph.name.substr(0, kMostName) + "'";
  std::string text =
      deployment.discards_handles
          ? "the message that discards state handles of job " + name
          : "the deployment of job " + deployment.execution.job.hex() + " (" + name + ")";
  text += " on " + host + " has " + std::to_string(bytes) + " bytes, more than " + bound;
  const auto states = stateBytes(deployment.restores);
  const auto largest =
      std::ranges::max_element(states, {}, [](const auto& one) { return one.second; });
  if (largest != states.end() && largest->second > bytes / 4) {
    return text + "; where the state of operator '" + nameOf(deployment.graph, largest->first) +
           "' lies takes " + std::to_string(largest->second) +
           " of them: keep it with state.backend: filesystem, or lower the parallelism";
  }
  return text +
         "; its job graph and arguments take most of them: read large collections from a file";
}

}  // namespace weir::runtime
