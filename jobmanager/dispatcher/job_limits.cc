#include "jobmanager/dispatcher/job_limits.h"

#include <string>
#include <string_view>

#include "common/base/text.h"
#include "common/config/limit_options.h"

namespace weir::jobmanager {
namespace {

constexpr std::size_t kShown = 128;  // Of a name that is refused.

Error above(std::string what,
            std::uint64_t value,
            std::string unit,
            std::string_view key,
            std::uint64_t limit) {
  return Error(ErrorCode::kResourceExhausted,
               what + " " + std::to_string(value) + " " + unit + ", and " + std::string(key) +
                   " allows " + std::to_string(limit));
}

Status checkName(const std::string& what, const std::string& name, const JobLimits& limits) {
  if (name.size() <= limits.name_bytes) {
    return ok();
  }
  return above(what + " '" + cutText(name, kShown) + "' has",
               name.size(),
               "bytes",
               config::kMaxNameSize.key,
               limits.name_bytes)
      .advise("choose a shorter one");
}

/// A name that lists and logs print.
Status checkPrinted(const std::string& what, const std::string& name, const JobLimits& limits) {
  WEIR_RETURN_IF_ERROR(checkName(what, name, limits));
  if (isUtf8(name) && !hasControlCharacter(name)) {
    return ok();
  }
  return Error(ErrorCode::kInvalidArgument,
               what + " is not valid UTF-8, or has a control character such as a line break")
      .advise("choose another one");
}

Status checkNames(const graph::JobGraph& graph, const JobLimits& limits) {
  WEIR_RETURN_IF_ERROR(checkPrinted("the name of the job", graph.name, limits));
  for (const graph::JobOperator& one : graph.operators) {
    WEIR_RETURN_IF_ERROR(checkPrinted("the name of an operator", one.name, limits));
    WEIR_RETURN_IF_ERROR(checkPrinted("the kind of an operator", one.kind, limits));
    WEIR_RETURN_IF_ERROR(checkName("the uid of operator '" + one.name + "'", one.uid, limits));
    for (const graph::StateDeclaration& state : one.states) {
      WEIR_RETURN_IF_ERROR(
          checkName("the name of a state of operator '" + one.name + "'", state.name, limits));
    }
  }
  for (const graph::JobVertex& vertex : graph.vertices) {
    WEIR_RETURN_IF_ERROR(checkPrinted("the name of a vertex", vertex.name, limits));
    WEIR_RETURN_IF_ERROR(
        checkPrinted("the name of a slot sharing group", vertex.slot_sharing_group, limits));
  }
  for (const graph::OnceValue& value : graph.once) {
    WEIR_RETURN_IF_ERROR(checkName("the name of a once() value", value.name, limits));
  }
  return ok();
}

/// What users can make large; the rest follows from the number of operators.
std::uint64_t bytesOf(const graph::JobGraph& graph) {
  std::uint64_t sum = 0;
  for (const graph::JobOperator& one : graph.operators) {
    sum += sizeof one + one.payload.size() + one.name.size() + one.uid.size() + one.kind.size();
  }
  for (const graph::OnceValue& value : graph.once) {
    sum += sizeof value + value.name.size() + value.bytes.size();
  }
  return sum + graph.vertices.size() * sizeof(graph::JobVertex) +
         graph.edges.size() * sizeof(graph::JobEdge);
}

}  // namespace

JobLimits JobLimits::from(const config::Configuration& configuration) {
  return {.subtasks = static_cast<std::uint64_t>(configuration.get(config::kMaxSubtasks)),
          .graph_bytes = configuration.get(config::kMaxGraphSize).bytes,
          .name_bytes = configuration.get(config::kMaxNameSize).bytes};
}

Status checkSubmission(const runtime::SubmitRequest& request, const JobLimits& limits) {
  const std::string job = "job '" + request.graph->name + "'";
  if (request.graph->vertices.empty()) {
    return Error(ErrorCode::kInvalidArgument, job + " has no operators");
  }
  WEIR_RETURN_IF_ERROR(checkLimits(request.graph, limits));
  if (request.restore && !request.graph->checkpoints.enabled) {
    return Error(ErrorCode::kInvalidArgument,
                 job + " cannot start from a savepoint: checkpointing is disabled in its program")
        .advise("enable it with enableCheckpointing()");
  }
  return ok();
}

Status checkLimits(const graph::JobGraph& graph, const JobLimits& limits) {
  WEIR_RETURN_IF_ERROR(checkNames(graph, limits));
  const std::string job = "job '" + graph.name + "'";
  std::uint64_t subtasks = 0;
  for (const graph::JobVertex& vertex : graph.vertices) {
    subtasks += vertex.parallelism;
  }
  if (subtasks > limits.subtasks) {
    return above(job + " has", subtasks, "subtasks", config::kMaxSubtasks.key, limits.subtasks)
        .advise("lower its parallelism, or raise the limit");
  }
  if (const std::uint64_t bytes = bytesOf(graph); bytes > limits.graph_bytes) {
    return above("the graph of " + job + " takes",
                 bytes,
                 "bytes",
                 config::kMaxGraphSize.key,
                 limits.graph_bytes)
        .advise("let a source read large inputs instead of fromElements or fromCollection");
  }
  return ok();
}

}  // namespace weir::jobmanager
