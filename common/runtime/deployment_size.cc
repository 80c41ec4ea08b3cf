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

std::string quotedName(const graph::JobGraph& graph) {
  return "'" + graph.name.substr(0, kMostName) + "'";
}

/// `states`: what where the state of each operator lies takes of the message.
std::string sentence(const std::string& what,
                     const graph::JobGraph& graph,
                     const std::map<OperatorId, std::uint64_t>& states,
                     std::uint64_t bytes) {
  const auto largest =
      std::ranges::max_element(states, {}, [](const auto& one) { return one.second; });
  if (largest != states.end() && largest->second > bytes / 4) {
    return what + "; where the state of operator '" + nameOf(graph, largest->first) +
           "' lies takes " + std::to_string(largest->second) +
           " of them: keep it with state.backend: filesystem, or lower the parallelism";
  }
  return what +
         "; its job graph and arguments take most of them: read large collections from a file";
}

std::string tooLarge(const std::string& host, std::uint64_t bytes, const std::string& bound) {
  return " on " + host + " has " + std::to_string(bytes) + " bytes, more than " + bound;
}

}  // namespace

std::string deploymentTooLarge(const Deployment& deployment,
                               const std::string& host,
                               std::uint64_t bytes,
                               const std::string& bound) {
  return sentence("the deployment of job " + deployment.execution.job.hex() + " (" +
                      quotedName(deployment.graph) + ")" + tooLarge(host, bytes, bound),
                  deployment.graph,
                  stateBytes(deployment.restores),
                  bytes);
}

std::string deploymentTooLarge(const DiscardHandles& discards,
                               const std::string& host,
                               std::uint64_t bytes,
                               const std::string& bound) {
  std::map<OperatorId, std::uint64_t> states;
  for (const DiscardHandles::Handle& one : discards.handles) {
    states[one.owner] += bytesOf(one.state);
  }
  return sentence("the message that discards state handles of job " + quotedName(discards.graph) +
                      tooLarge(host, bytes, bound),
                  discards.graph,
                  states,
                  bytes);
}

}  // namespace weir::runtime
