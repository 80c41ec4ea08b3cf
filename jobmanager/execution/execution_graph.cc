#include "jobmanager/execution/execution_graph.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "common/accumulators/accumulators.h"

namespace weir::jobmanager {

using runtime::JobState;
using runtime::TaskState;

namespace {

std::size_t indexOf(JobState state) { return static_cast<std::size_t>(state); }
std::size_t indexOf(TaskState state) { return static_cast<std::size_t>(state); }

bool mayFollow(TaskState from, TaskState to) {
  if (runtime::isTerminal(from) || from == to) {
    return false;
  }
  if (runtime::isTerminal(to)) {
    return to != TaskState::kFinished || from != TaskState::kCreated;
  }
  return indexOf(to) > indexOf(from);
}

}  // namespace

ExecutionGraph::ExecutionGraph(const graph::SharedGraph& graph, std::int64_t now)
    : graph_(graph), last_modification_(now) {
  timestamps_[indexOf(state_)] = now;
  for (std::size_t i = 0; i < graph_->vertices.size(); ++i) {
    vertex_index_[graph_->vertices[i].id] = i;
    executions_.emplace_back(graph_->vertices[i].parallelism);
  }
}

bool ExecutionGraph::mayFollow(JobState from, JobState to) {
  switch (from) {
    case JobState::kCreated:
      return to == JobState::kRunning || to == JobState::kCancelling || to == JobState::kFailing;
    case JobState::kRunning:
      return to == JobState::kCancelling || to == JobState::kFailing || to == JobState::kFinished;
    case JobState::kFailing:
      return to == JobState::kCancelling || to == JobState::kRestarting || to == JobState::kFailed;
    case JobState::kCancelling:
      return to == JobState::kCanceled;
    case JobState::kRestarting:
      return to == JobState::kCreated || to == JobState::kCanceled || to == JobState::kFailing;
    case JobState::kFailed:
    case JobState::kCanceled:
    case JobState::kFinished:
      return false;
  }
  return false;
}

bool ExecutionGraph::transition(JobState to, std::int64_t now) {
  if (!mayFollow(state_, to)) {
    return false;
  }
  state_ = to;
  timestamps_[indexOf(to)] = now;
  last_modification_ = now;
  return true;
}

void ExecutionGraph::beginAttempt(AttemptId attempt, std::int64_t now) {
  attempt_ = attempt;
  last_modification_ = now;
  accumulator_owners_.clear();
  accumulator_clash_.reset();
  for (std::vector<TaskExecution>& subtasks : executions_) {
    for (TaskExecution& task : subtasks) {
      task = TaskExecution{};
      task.timestamps[indexOf(TaskState::kCreated)] = now;
    }
  }
}

void ExecutionGraph::setHost(const runtime::TaskId& task, std::string host) {
  executions_[vertex_index_.at(task.vertex)][task.subtask].host = std::move(host);
}

bool ExecutionGraph::apply(const runtime::TaskUpdate& update, std::int64_t now) {
  if (find(update.task) == nullptr) {
    return false;
  }
  TaskExecution& task = executions_[vertex_index_.at(update.task.vertex)][update.task.subtask];
  if (!runtime::isTerminal(task.state) || task.state == update.state) {
    task.metrics = update.metrics;
    noteHold(task, update.hold, now);
    if (!update.accumulators.empty()) {
      task.accumulators = update.accumulators;
      noteAccumulators(update);
    }
  }
  const bool ended = update.input_ended && !std::exchange(task.input_ended, true);
  last_modification_ = now;
  return move(task, update.state, now) || ended;
}

void ExecutionGraph::noteHold(TaskExecution& task,
                              const runtime::TaskHold& hold,
                              std::int64_t now) {
  if (!hold.full.empty()) {
    task.held = {hold.operator_name, hold.full, now - hold.millis, 0};
  } else if (!task.held.full.empty() && task.held.until == 0) {
    task.held.until = now;
  }
}

void ExecutionGraph::noteAccumulators(const runtime::TaskUpdate& update) {
  for (const runtime::AccumulatorValue& value : update.accumulators) {
    const auto [known, fresh] =
        accumulator_owners_.try_emplace(value.name, AccumulatorOwner{value.type, update.task});
    const AccumulatorOwner& first = known->second;
    if (!fresh && first.type != value.type && !accumulator_clash_) {
      accumulator_clash_ = Error(ErrorCode::kUserCode,
                                 "accumulator '" + value.name + "' is of type " + first.type +
                                     " in task " + describe(first.task) + " and of type " +
                                     value.type + " in task " + describe(update.task))
                               .advise("give one of them another name");
    }
  }
}

bool ExecutionGraph::move(TaskExecution& task, TaskState to, std::int64_t now) {
  if (!jobmanager::mayFollow(task.state, to)) {
    return false;
  }
  task.state = to;
  task.timestamps[indexOf(to)] = now;
  return true;
}

std::vector<runtime::TaskId> ExecutionGraph::moveAll(TaskState state, std::int64_t now) {
  std::vector<runtime::TaskId> moved;
  for (const runtime::TaskId& id : tasks()) {
    if (move(executions_[vertex_index_.at(id.vertex)][id.subtask], state, now)) {
      moved.push_back(id);
    }
  }
  last_modification_ = now;
  return moved;
}

const TaskExecution* ExecutionGraph::find(const runtime::TaskId& task) const {
  auto index = vertex_index_.find(task.vertex);
  if (index == vertex_index_.end() || task.subtask >= executions_[index->second].size()) {
    return nullptr;
  }
  return &executions_[index->second][task.subtask];
}

const graph::JobVertex* ExecutionGraph::vertex(OperatorId id) const {
  auto index = vertex_index_.find(id);
  return index == vertex_index_.end() ? nullptr : &graph_->vertices[index->second];
}

std::vector<runtime::TaskId> ExecutionGraph::tasks() const {
  std::vector<runtime::TaskId> ids;
  for (const graph::JobVertex& vertex : graph_->vertices) {
    for (std::uint32_t subtask = 0; subtask < vertex.parallelism; ++subtask) {
      ids.push_back({vertex.id, subtask});
    }
  }
  return ids;
}

std::uint32_t ExecutionGraph::size() const {
  std::uint32_t sum = 0;
  for (const graph::JobVertex& vertex : graph_->vertices) {
    sum += vertex.parallelism;
  }
  return sum;
}

namespace {

template <typename Predicate>
bool allOf(const std::vector<std::vector<TaskExecution>>& executions, Predicate predicate) {
  return std::all_of(executions.begin(), executions.end(), [&](const auto& subtasks) {
    return std::all_of(subtasks.begin(), subtasks.end(), predicate);
  });
}

}  // namespace

bool ExecutionGraph::all(TaskState state) const {
  return allOf(executions_, [&](const TaskExecution& task) { return task.state == state; });
}

std::size_t ExecutionGraph::starting() const {
  std::size_t count = 0;
  for (const auto& subtasks : executions_) {
    for (const TaskExecution& task : subtasks) {
      count += task.state == TaskState::kDeploying || task.state == TaskState::kScheduled ? 1 : 0;
    }
  }
  return count;
}

bool ExecutionGraph::allInputsEnded() const {
  return allOf(executions_, [](const TaskExecution& task) {
    return task.input_ended || task.state == TaskState::kFinished;
  });
}

std::string ExecutionGraph::describe(const runtime::TaskId& task) const {
  const graph::JobVertex* found = vertex(task.vertex);
  if (found == nullptr) {
    return task.vertex.hex();
  }
  return found->name + " (" + std::to_string(task.subtask + 1) + "/" +
         std::to_string(found->parallelism) + ")";
}

std::vector<VertexView> ExecutionGraph::vertices() const {
  std::vector<VertexView> views;
  for (std::size_t v = 0; v < graph_->vertices.size(); ++v) {
    const graph::JobVertex& vertex = graph_->vertices[v];
    VertexView view{
        .id = vertex.id, .name = vertex.name, .parallelism = vertex.parallelism, .subtasks = {}};
    for (std::uint32_t subtask = 0; subtask < vertex.parallelism; ++subtask) {
      const TaskExecution& task = executions_[v][subtask];
      const std::int64_t started = task.timestamps[indexOf(TaskState::kDeploying)];
      view.subtasks.push_back({.subtask = subtask,
                               .state = task.state,
                               .attempt = attempt_.value(),
                               .host = task.host,
                               .start_millis = started == 0 ? -1 : started,
                               .end_millis = runtime::isTerminal(task.state)
                                                 ? task.timestamps[indexOf(task.state)]
                                                 : -1,
                               .timestamps = task.timestamps,
                               .metrics = task.metrics});
    }
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<runtime::AccumulatorValue> ExecutionGraph::accumulators() const {
  std::vector<functions::EncodedAccumulator> merged;
  std::unordered_map<std::string, std::size_t> index;  // Into `merged`, by name.
  for (const auto& subtasks : executions_) {
    for (const TaskExecution& task : subtasks) {
      for (const runtime::AccumulatorValue& value : task.accumulators) {
        functions::EncodedAccumulator one{value.name, value.type, value.bytes};
        const auto [known, fresh] = index.emplace(one.name, merged.size());
        if (fresh) {
          merged.push_back(std::move(one));
        } else if (!functions::mergeAccumulator(merged[known->second], one)) {
          continue;  // Of another type: accumulatorClash() fails the job.
        }
      }
    }
  }
  std::vector<runtime::AccumulatorValue> values;
  for (functions::EncodedAccumulator& one : merged) {
    values.push_back({std::move(one.name), std::move(one.type), std::move(one.bytes)});
  }
  return values;
}

}  // namespace weir::jobmanager
