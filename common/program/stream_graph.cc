#include "common/program/stream_graph.h"

#include <set>
#include <string_view>
#include <utility>

#include "common/base/text.h"
#include "common/program/chaining.h"
#include "common/program/operator_ids.h"

namespace weir::graph {
namespace {

constexpr std::uint32_t kDefaultMaxParallelism = 4096;
constexpr std::uint32_t kMaxParallelismLimit = 32768;

Error refuse(const StreamNode& node, const std::string& what) {
  return {ErrorCode::kInvalidArgument, "operator " + describe(node) + " " + what};
}

Status checkTexts(const StreamNode& node) {
  if (!node.errors.empty()) {
    std::string all;
    for (const std::string& error : node.errors) {
      all += (all.empty() ? "" : "; ") + error;
    }
    return Error(ErrorCode::kInvalidArgument, "operator " + describe(node) + ": " + all);
  }
  if (!isUtf8(node.name) || (node.uid && !isUtf8(*node.uid))) {
    return refuse(node, "has a name or uid that is not valid UTF-8");
  }
  if (hasControlCharacter(node.name)) {
    return Error(ErrorCode::kInvalidArgument,
                 "an operator (" + node.kind +
                     ") has a name with a control character, such as a "
                     "line break")
        .advise("leave it out of name()");
  }
  std::set<std::string_view> names;
  for (const StateDeclaration& state : node.states) {
    if (state.name.empty() || !isUtf8(state.name)) {
      return refuse(node, "declares a state whose name is empty or not valid UTF-8");
    }
    if (!names.insert(state.name).second) {
      return refuse(node, "declares two states named '" + state.name + "'")
          .advise("the name of a state is unique in its operator");
    }
  }
  return ok();
}

bool isFileOf(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() + 1 && path.starts_with(directory) &&
         path[directory.size()] == '/' && path[directory.size() + 1] >= '0' &&
         path[directory.size() + 1] <= '9';
}

/// A sink above parallelism 1 writes `path`/<n>.
bool shareFiles(const StreamNode& one, const StreamNode& other) {
  return !one.output_path.empty() &&
         (one.output_path == other.output_path || isFileOf(one.output_path, other.output_path));
}

Status checkOutputs(const std::vector<StreamNode>& nodes) {
  for (const StreamNode& one : nodes) {
    for (const StreamNode& other : nodes) {
      if (&one != &other && !other.output_path.empty() && shareFiles(one, other)) {
        return Error(ErrorCode::kInvalidArgument,
                     "the sinks " + describe(other) + " and " + describe(one) +
                         " write to the same path " + one.output_path)
            .advise("give each a path of its own, or join their streams with union_()");
      }
    }
  }
  return ok();
}

Status checkMaxParallelism(std::uint32_t max_parallelism, const std::string& whose) {
  if (max_parallelism <= kMaxParallelismLimit) {
    return ok();
  }
  return Error(ErrorCode::kInvalidArgument,
               "the maximum parallelism of " + whose + " is " + std::to_string(max_parallelism) +
                   ", at most " + std::to_string(kMaxParallelismLimit) + " is possible");
}

Status resolveParallelism(const StreamNode& node,
                          const StreamGraph::Settings& settings,
                          std::uint32_t job_max_parallelism,
                          ResolvedNode& resolved) {
  if (node.non_parallel && node.parallelism > 1) {
    return refuse(node,
                  "always has parallelism 1 and was given " + std::to_string(node.parallelism));
  }
  resolved.max_parallelism = node.max_parallelism != 0 ? node.max_parallelism : job_max_parallelism;
  WEIR_RETURN_IF_ERROR(checkMaxParallelism(resolved.max_parallelism, "operator " + describe(node)));
  resolved.parallelism = node.non_parallel                   ? 1
                         : node.parallelism != 0             ? node.parallelism
                         : settings.default_parallelism != 0 ? settings.default_parallelism
                                                             : 1;
  if (resolved.parallelism > resolved.max_parallelism) {
    return refuse(node,
                  "has parallelism " + std::to_string(resolved.parallelism) +
                      ", above its maximum parallelism " + std::to_string(resolved.max_parallelism))
        .advise("lower the one or raise the other with setMaxParallelism()");
  }
  return ok();
}

Status resolveInputs(const std::vector<StreamNode>& nodes,
                     const std::vector<ResolvedNode>& before,
                     const StreamNode& node,
                     ResolvedNode& resolved) {
  std::set<std::string> groups;
  for (const StreamEdge& input : node.inputs) {
    const ResolvedNode& producer = before[input.source];
    const bool equal = producer.parallelism == resolved.parallelism;
    const Partitioning partitioning =
        input.partitioning.value_or(equal ? Partitioning::kForward : Partitioning::kRebalance);
    if (partitioning == Partitioning::kForward && !equal) {
      return Error(ErrorCode::kInvalidArgument,
                   "forward() from operator " + describe(nodes[input.source]) +
                       " with parallelism " + std::to_string(producer.parallelism) +
                       " to operator " + describe(node) + " with parallelism " +
                       std::to_string(resolved.parallelism) + " is impossible")
          .advise("make the two equal, or use rebalance() or rescale()");
    }
    resolved.inputs.push_back(partitioning);
    groups.insert(producer.slot_sharing_group);
  }
  resolved.slot_sharing_group =
      node.slot_sharing_group.value_or(groups.size() == 1 ? *groups.begin() : "default");
  return ok();
}

JobOperator makeOperator(const StreamNode& node,
                         const ResolvedNode& resolved,
                         const AssignedId& assigned) {
  JobOperator result;
  result.id = assigned.id;
  result.uid = node.uid.value_or("");
  result.name = node.name.empty() ? node.kind : node.name;
  result.kind = node.kind;
  result.siblings = assigned.siblings;
  result.parallelism = resolved.parallelism;
  result.max_parallelism = resolved.max_parallelism;
  result.states = node.states;
  result.stateful = node.stateful || !node.states.empty();
  result.all_states_declared = node.all_states_declared;
  result.windows = node.windows;
  result.fixed_parallelism_state = node.fixed_parallelism_state;
  result.custom_handles = node.custom_handles;
  result.payload = node.payload;
  result.buffer_timeout = node.buffer_timeout;
  return result;
}

}  // namespace

StreamNode::StreamNode() = default;
StreamNode::~StreamNode() = default;
StreamNode::StreamNode(const StreamNode&) = default;
StreamNode::StreamNode(StreamNode&&) noexcept = default;
StreamNode& StreamNode::operator=(const StreamNode&) = default;
StreamNode& StreamNode::operator=(StreamNode&&) noexcept = default;

std::uint32_t StreamGraph::add(StreamNode node) {
  nodes_.push_back(std::move(node));
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

Result<ProgramGraph> StreamGraph::translate(const Settings& settings) const {
  if (nodes_.empty()) {
    return Error(ErrorCode::kInvalidArgument,
                 "the program has no operator: execute() was called on an empty graph")
        .advise("add a source and a sink before execute()");
  }
  ProgramGraph program;
  JobGraph& graph = program.graph;
  graph.name = settings.job_name;
  graph.max_parallelism =
      settings.max_parallelism != 0 ? settings.max_parallelism : kDefaultMaxParallelism;
  graph.checkpoints = settings.checkpoints;
  graph.restart = settings.restart;
  graph.state_backend = settings.state_backend;
  graph.once = settings.once;
  WEIR_RETURN_IF_ERROR(checkMaxParallelism(graph.max_parallelism, "the job"));
  if (!isUtf8(graph.name) || hasControlCharacter(graph.name)) {
    return Error(ErrorCode::kInvalidArgument,
                 "the name of the job is not valid UTF-8 or has a control character, such as a "
                 "line break")
        .advise("give execute() another name");
  }

  std::vector<ResolvedNode> resolved;
  resolved.reserve(nodes_.size());
  for (const StreamNode& node : nodes_) {
    ResolvedNode next;
    WEIR_RETURN_IF_ERROR(checkTexts(node));
    WEIR_RETURN_IF_ERROR(resolveParallelism(node, settings, graph.max_parallelism, next));
    if (node.placed_with) {
      next.parallelism = resolved[*node.placed_with].parallelism;
      next.max_parallelism = resolved[*node.placed_with].max_parallelism;
    }
    WEIR_RETURN_IF_ERROR(resolveInputs(nodes_, resolved, node, next));
    if (node.placed_with) {
      next.slot_sharing_group = resolved[*node.placed_with].slot_sharing_group;
    }
    resolved.push_back(std::move(next));
  }
  WEIR_RETURN_IF_ERROR(checkOutputs(nodes_));
  WEIR_TRY(const auto ids, assignIds(nodes_));
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    graph.operators.push_back(makeOperator(nodes_[i], resolved[i], ids[i]));
    program.code.operators.push_back({nodes_[i].factory, nodes_[i].handle_reader});
  }
  chain(nodes_, resolved, settings.chaining, program);
  return program;
}

}  // namespace weir::graph
