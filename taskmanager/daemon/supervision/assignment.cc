#include "taskmanager/daemon/supervision/assignment.h"

#include <algorithm>

#include "common/base/overloaded.h"
#include "common/config/options.h"
#include "common/config/value.h"
#include "common/config/worker_options.h"
#include "common/runtime/report_limits.h"

namespace weir::taskmanager {

namespace {

using Keys = std::map<std::string, std::string>;

Duration timeoutOf(const Keys& configuration, std::string_view key, Duration fallback) {
  const auto entry = configuration.find(std::string(key));
  if (entry == configuration.end()) {
    return fallback;
  }
  const Result<Duration> parsed = config::parseDuration(entry->second);
  return parsed ? *parsed : fallback;
}

std::uint64_t mostAccumulators(const Keys& configuration, std::uint64_t fallback) {
  const auto entry = configuration.find(std::string(config::kWorkerMaxAccumulators.key));
  if (entry == configuration.end()) {
    return fallback;
  }
  const auto parsed = config::parseMemorySize(entry->second);
  const auto most = static_cast<std::uint64_t>(config::kWorkerMaxAccumulators.most);
  return parsed ? std::min(parsed->bytes, most) : fallback;
}

void countTasks(const runtime::Deployment& deployment, Assignment& kept) {
  for (std::size_t v = 0; v < deployment.placement.size(); ++v) {
    const auto& subtasks = deployment.placement[v];
    const auto first = std::ranges::find(subtasks, deployment.self);
    if (kept.tasks == 0 && first != subtasks.end() && v < deployment.graph->vertices.size()) {
      kept.first_task = {deployment.graph->vertices[v].id,
                         static_cast<std::uint32_t>(first - subtasks.begin())};
    }
    kept.tasks += static_cast<std::size_t>(std::ranges::count(subtasks, deployment.self));
  }
}

/// What both kinds of work say.
template <typename Kind>
Assignment common(const Kind& work, const WorkerSettings& settings) {
  Assignment kept;
  kept.execution = work.execution;
  kept.job_name = work.graph->name;
  for (const graph::JobOperator& op : work.graph->operators) {
    kept.operator_names.emplace(op.id, op.name);
  }
  kept.cancellation_timeout = timeoutOf(
      work.configuration, config::kTaskCancellationTimeout.key, settings.cancellation_timeout);
  kept.program_timeout =
      timeoutOf(work.configuration, config::kProgramTimeout.key, settings.program_timeout);
  kept.most_accumulators = mostAccumulators(work.configuration, settings.most_accumulators);
  return kept;
}

}  // namespace

Assignment Assignment::of(const Work& work, const WorkerSettings& settings) {
  return std::visit(Overloaded{[&](const runtime::Deployment& deployment) {
                                 Assignment kept = common(deployment, settings);
                                 kept.token = deployment.token;
                                 kept.self = deployment.self;
                                 kept.slots = deployment.slots;
                                 kept.storage = deployment.storage.kind;
                                 countTasks(deployment, kept);
                                 return kept;
                               },
                               [&](const runtime::DiscardHandles& discards) {
                                 Assignment kept = common(discards, settings);
                                 kept.discards_handles = true;
                                 return kept;
                               }},
                    work);
}

std::string Assignment::nameOf(OperatorId id) const {
  const auto found = operator_names.find(id);
  return found == operator_names.end() ? id.hex() : "'" + found->second + "'";
}

std::string Assignment::workerOn(const std::string& host) const {
  return "worker process of job " + execution.job.hex() + " on " + host;
}

std::string Assignment::label() const {
  constexpr std::size_t kMostName = 200;
  std::string name = job_name.substr(0, kMostName);
  std::ranges::replace_if(name, [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
  return "job '" + name + "' (" + execution.job.hex() + ")";
}

std::uint64_t memoryLimit(const Assignment& assignment, const WorkerSettings& settings) {
  return settings.memory_per_slot * assignment.slots;
}

Status checkUpdate(const runtime::TaskUpdate& update,
                   const Assignment& assignment,
                   const WorkerSettings& settings) {
  const std::string who = "job " + assignment.execution.job.hex() + " on " + settings.host + ": ";
  if (runtime::bytesOf(update.accumulators) > assignment.most_accumulators) {
    return Error(
        ErrorCode::kResourceExhausted,
        who + runtime::accumulatorsTooLarge(update.accumulators, assignment.most_accumulators));
  }
  if (const std::uint64_t bytes = runtime::bytesOf(update); bytes > settings.most_report) {
    return Error(ErrorCode::kResourceExhausted,
                 who + "the report of one task, with its accumulators, has " +
                     std::to_string(bytes) + " bytes, more than the " +
                     std::to_string(settings.most_report) +
                     " that are half of jobmanager.rpc.max-message-size; count fewer distinct "
                     "values, or raise it");
  }
  return ok();
}

}  // namespace weir::taskmanager
