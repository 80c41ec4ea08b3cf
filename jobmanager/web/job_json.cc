#include "jobmanager/web/job_json.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "common/accumulators/accumulators.h"
#include "common/base/text.h"
#include "common/graph/plan.h"
#include "common/runtime/state_sums.h"

namespace weir::jobmanager::web {
namespace {

using runtime::JobState;
using runtime::TaskState;

constexpr std::array kTaskStates{TaskState::kCreated,
                                 TaskState::kScheduled,
                                 TaskState::kDeploying,
                                 TaskState::kRunning,
                                 TaskState::kFinished,
                                 TaskState::kCanceling,
                                 TaskState::kCanceled,
                                 TaskState::kFailed};
constexpr std::array kJobStates{JobState::kCreated,
                                JobState::kRunning,
                                JobState::kFailing,
                                JobState::kFailed,
                                JobState::kCancelling,
                                JobState::kCanceled,
                                JobState::kFinished,
                                JobState::kRestarting};

using Counts = std::array<std::uint32_t, 9>;  // By the number of a TaskState.

Counts countStates(const VertexView& vertex) {
  Counts counts{};
  for (const SubtaskView& subtask : vertex.subtasks) {
    ++counts[static_cast<std::size_t>(subtask.state)];
  }
  return counts;
}

std::uint32_t of(const Counts& counts, TaskState state) {
  return counts[static_cast<std::size_t>(state)];
}

/// One state for all subtasks of a vertex, by Flink's precedence.
TaskState aggregate(const Counts& counts, std::size_t total) {
  for (const TaskState state :
       {TaskState::kFailed, TaskState::kCanceling, TaskState::kCanceled, TaskState::kRunning}) {
    if (of(counts, state) > 0) {
      return state;
    }
  }
  if (of(counts, TaskState::kFinished) > 0) {
    return of(counts, TaskState::kFinished) == total ? TaskState::kFinished : TaskState::kRunning;
  }
  for (const TaskState state : {TaskState::kDeploying, TaskState::kScheduled}) {
    if (of(counts, state) > 0) {
      return state;
    }
  }
  return TaskState::kCreated;
}

std::int64_t durationOf(std::int64_t start, std::int64_t end, std::int64_t now) {
  return start > 0 ? (end > 0 ? end : now) - start : -1;
}

Json statesOf(const Counts& counts) {
  Json json = Json::object();
  for (const TaskState state : kTaskStates) {
    json[std::string(toString(state))] = of(counts, state);
  }
  return json;
}

Json metricsOf(const runtime::TaskMetrics& metrics) {
  return {{"read-bytes", metrics.bytes_in},
          {"write-bytes", metrics.bytes_out},
          {"read-records", metrics.records_in},
          {"write-records", metrics.records_out}};
}

/// About, as tasks count them once a second.
Json usageOf(const std::vector<runtime::StateUsage>& states) {
  Json json = Json::array();
  for (const runtime::StateUsage& one : states) {
    json.push_back({{"operator", one.operator_name},
                    {"operator-id", one.owner.hex()},
                    {"name", one.state},
                    {"keys", one.keys},
                    {"memory-bytes", one.memory_bytes},
                    {"disk-bytes", one.disk_bytes}});
  }
  return json;
}

Json vertexSummary(const VertexView& vertex, std::int64_t now) {
  const Counts counts = countStates(vertex);
  std::int64_t start = -1;
  std::int64_t end = -1;
  bool ended = !vertex.subtasks.empty();
  runtime::TaskMetrics sum;
  runtime::StateSums states;
  for (const SubtaskView& subtask : vertex.subtasks) {
    states.add(subtask.metrics.states);
    if (subtask.start_millis > 0 && (start < 0 || subtask.start_millis < start)) {
      start = subtask.start_millis;
    }
    end = std::max(end, subtask.end_millis);
    ended = ended && isTerminal(subtask.state);
    sum.records_in += subtask.metrics.records_in;
    sum.records_out += subtask.metrics.records_out;
    sum.bytes_in += subtask.metrics.bytes_in;
    sum.bytes_out += subtask.metrics.bytes_out;
  }
  end = ended ? end : -1;
  return {{"id", vertex.id.hex()},
          {"name", vertex.name},
          {"parallelism", vertex.parallelism},
          {"status", toString(aggregate(counts, vertex.subtasks.size()))},
          {"start-time", start},
          {"end-time", end},
          {"duration", durationOf(start, end, now)},
          {"tasks", statesOf(counts)},
          {"metrics", metricsOf(sum)},
          {"states", usageOf(states.all())}};
}

std::string hostOf(const SubtaskView& subtask) {
  return subtask.host.empty() ? "(unassigned)" : subtask.host;
}

std::string restartText(const graph::RestartStrategy& restart) {
  using Kind = graph::RestartStrategy::Kind;
  switch (restart.kind) {
    case Kind::kDefault:
      return "Cluster level default restart strategy";
    case Kind::kNone:
      return "Restart deactivated";
    case Kind::kFixedDelay:
      return "Restart with fixed delay (" + std::to_string(restart.delay.count()) + " ms). #" +
             std::to_string(restart.attempts) + " restart attempts.";
    case Kind::kFailureRate:
      return "Failure rate restart with maximum of " + std::to_string(restart.max_failures) +
             " failures within interval " + std::to_string(restart.interval.count()) +
             " ms and fixed delay " + std::to_string(restart.delay.count()) + " ms.";
    case Kind::kExponentialDelay:
      return "Restart with exponential delay from " +
             std::to_string(restart.initial_backoff.count()) + " to " +
             std::to_string(restart.max_backoff.count()) + " ms.";
  }
  return "";
}

}  // namespace

Json jobSummary(const JobView& job, std::int64_t now) {
  Counts all{};
  std::uint32_t total = 0;
  for (const VertexView& vertex : job.vertices) {
    const Counts counts = countStates(vertex);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      all[i] += counts[i];
      total += counts[i];
    }
  }
  const std::uint32_t pending = of(all, TaskState::kCreated) + of(all, TaskState::kScheduled) +
                                of(all, TaskState::kDeploying);
  return {{"jid", job.summary.id.hex()},
          {"name", job.summary.name},
          {"state", toString(job.summary.state)},
          {"start-time", job.summary.start_millis},
          {"end-time", job.summary.end_millis},
          {"duration", durationOf(job.summary.start_millis, job.summary.end_millis, now)},
          {"last-modification", job.last_modification_millis},
          {"tasks",
           {{"total", total},
            {"pending", pending},
            {"running", of(all, TaskState::kRunning)},
            {"finished", of(all, TaskState::kFinished)},
            {"canceling", of(all, TaskState::kCanceling)},
            {"canceled", of(all, TaskState::kCanceled)},
            {"failed", of(all, TaskState::kFailed)}}}};
}

Json jobDetails(const JobView& job, std::int64_t now) {
  Json timestamps = Json::object();
  for (const JobState state : kJobStates) {
    timestamps[std::string(toString(state))] = job.timestamps[static_cast<std::size_t>(state)];
  }
  Json vertices = Json::array();
  Counts statuses{};
  for (const VertexView& vertex : job.vertices) {
    vertices.push_back(vertexSummary(vertex, now));
    ++statuses[static_cast<std::size_t>(aggregate(countStates(vertex), vertex.subtasks.size()))];
  }
  Json json = {{"jid", job.summary.id.hex()},
               {"name", job.summary.name},
               {"isStoppable", true},
               {"state", toString(job.summary.state)},
               {"start-time", job.summary.start_millis},
               {"end-time", job.summary.end_millis},
               {"duration", durationOf(job.summary.start_millis, job.summary.end_millis, now)},
               {"now", now},
               {"restarts", job.summary.restarts},
               {"waiting", job.summary.waiting},
               {"timestamps", timestamps},
               {"vertices", vertices},
               {"status-counts", statesOf(statuses)},
               {"plan", jobPlan(job)}};
  if (!job.adoption.empty()) {
    json["adoption"] = job.adoption;
  }
  return json;
}

Json jobPlan(const JobView& job) {
  Json nodes = Json::array();
  for (const JobOutline::Vertex& vertex : job.outline->vertices) {
    Json node{{"id", vertex.id.hex()},
              {"parallelism", vertex.parallelism},
              {"operator", ""},
              {"operator_strategy", ""},
              {"description", vertex.name}};
    Json inputs = Json::array();
    for (const JobOutline::Input& input : vertex.inputs) {
      inputs.push_back({{"num", inputs.size()},
                        {"id", input.source.hex()},
                        {"ship_strategy", graph::shipStrategy(input.partitioning)},
                        {"exchange", "pipelined_bounded"}});
    }
    if (!inputs.empty()) {
      node["inputs"] = inputs;
    }
    node["optimizer_properties"] = Json::object();
    nodes.push_back(node);
  }
  return {{"jid", job.summary.id.hex()}, {"name", job.summary.name}, {"nodes", nodes}};
}

Json jobConfig(const JobView& job) {
  std::uint32_t parallelism = 1;
  for (const JobOutline::Vertex& vertex : job.outline->vertices) {
    parallelism = std::max(parallelism, vertex.parallelism);
  }
  return {{"jid", job.summary.id.hex()},
          {"name", job.summary.name},
          {"execution-config",
           {{"execution-mode", "PIPELINED"},
            {"restart-strategy", restartText(job.outline->restart)},
            {"job-parallelism", parallelism},
            {"object-reuse-mode", false},
            {"user-config", Json::object()}}}};
}

Json jobExceptions(const JobView& job) {
  Json json = Json::object();
  Json all = Json::array();
  if (!job.failure.empty()) {
    json["root-exception"] = job.failure;
    all.push_back({{"exception", cutText(job.failure, kMostLoggedBytes)},
                   {"task", ""},
                   {"location", "(unassigned)"}});
  }
  json["all-exceptions"] = all;
  json["truncated"] = job.failure.size() > kMostLoggedBytes;
  return json;
}

Json jobAccumulators(const JobView& job) {
  Json values = Json::array();
  for (const runtime::AccumulatorValue& one : job.accumulators) {
    values.push_back({{"name", one.name},
                      {"type", one.type},
                      {"value", functions::accumulatorJson({one.name, one.type, one.bytes})}});
  }
  return {{"job-accumulators", Json::array()}, {"user-task-accumulators", values}};
}

Json vertexDetails(const VertexView& vertex, std::int64_t now) {
  Json subtasks = Json::array();
  for (const SubtaskView& one : vertex.subtasks) {
    subtasks.push_back({{"subtask", one.subtask},
                        {"status", toString(one.state)},
                        {"attempt", one.attempt > 0 ? one.attempt - 1 : 0},  // Flink counts from 0.
                        {"host", hostOf(one)},
                        {"start-time", one.start_millis},
                        {"end-time", one.end_millis},
                        {"duration", durationOf(one.start_millis, one.end_millis, now)},
                        {"metrics", metricsOf(one.metrics)},
                        {"states", usageOf(one.metrics.states)}});
  }
  return {{"id", vertex.id.hex()},
          {"name", vertex.name},
          {"parallelism", vertex.parallelism},
          {"now", now},
          {"subtasks", subtasks}};
}

Json subtaskTimes(const VertexView& vertex, std::int64_t now) {
  Json subtasks = Json::array();
  for (const SubtaskView& one : vertex.subtasks) {
    Json timestamps = Json::object();
    for (const TaskState state : kTaskStates) {
      timestamps[std::string(toString(state))] = one.timestamps[static_cast<std::size_t>(state)];
    }
    subtasks.push_back({{"subtask", one.subtask},
                        {"host", hostOf(one)},
                        {"duration", durationOf(one.start_millis, one.end_millis, now)},
                        {"timestamps", timestamps}});
  }
  return {{"id", vertex.id.hex()}, {"name", vertex.name}, {"now", now}, {"subtasks", subtasks}};
}

}  // namespace weir::jobmanager::web
