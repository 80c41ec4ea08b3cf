#include "jobmanager/scheduler/job_states.h"

#include <utility>

#include "common/base/text.h"

namespace weir::jobmanager {

JobStates::JobStates(const graph::SharedGraph& graph, const Clock& clock, JobEvents& events)
    : clock_(clock), events_(events), graph_(graph, toEpochMillis(clock.wallNow())) {}

void JobStates::move(runtime::JobState to, const std::string& cause) {
  if (graph_.transition(to, now())) {
    tell(to, cause);
  }
}

void JobStates::moveTasks(runtime::TaskState to) {
  for (const runtime::TaskId& task : graph_.moveAll(to, now())) {
    tell(task, {});
  }
}

bool JobStates::apply(const runtime::TaskUpdate& update) {
  const TaskExecution* task = graph_.find(update.task);
  if (task == nullptr) {
    return false;
  }
  const runtime::TaskState before = task->state;
  const bool news = graph_.apply(update, now());
  if (task->state != before) {
    tell(update.task, update.cause);
  }
  return news;
}

void JobStates::tell(runtime::JobState state, const std::string& cause) {
  events_.add(runtime::JobStateChange{now(), state, cutText(cause, kMostLoggedBytes)});
}

void JobStates::tell(const runtime::TaskId& task, const std::string& cause) {
  const graph::JobVertex* vertex = graph_.vertex(task.vertex);
  events_.add(runtime::TaskStateChange{.millis = now(),
                                       .task_name = vertex->name,
                                       .subtask = task.subtask,
                                       .parallelism = vertex->parallelism,
                                       .state = graph_.find(task)->state,
                                       .cause = cutText(cause, kMostLoggedBytes)});
}

}  // namespace weir::jobmanager
