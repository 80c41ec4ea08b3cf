#pragma once

#include <cstdint>
#include <string>

#include "common/base/clock.h"
#include "common/graph/shared_graph.h"
#include "common/runtime/job_state.h"
#include "common/runtime/messages.h"
#include "jobmanager/execution/execution_graph.h"
#include "jobmanager/scheduler/job_events.h"

namespace weir::jobmanager {

/// The states of a job and of its subtasks, each change of which is an event.
///
/// One per job, over all its attempts. Threads: the strand.
class JobStates {
 public:
  /// CREATED, which is no event yet. Clock and events outlive it.
  JobStates(const graph::SharedGraph& graph, const Clock& clock, JobEvents& events);

  runtime::JobState job() const { return graph_.state(); }
  const ExecutionGraph& graph() const { return graph_; }
  std::int64_t now() const { return toEpochMillis(clock_.wallNow()); }

  void created() { tell(runtime::JobState::kCreated, {}); }
  /// Nothing happens when the job may not go there.
  void move(runtime::JobState to, const std::string& cause = {});
  /// All tasks are CREATED again.
  void beginAttempt(AttemptId attempt) { graph_.beginAttempt(attempt, now()); }
  void setHost(const runtime::TaskId& task, std::string host) {
    graph_.setHost(task, std::move(host));
  }
  /// Moves every task that is not terminal and may go there.
  void moveTasks(runtime::TaskState to);
  /// Takes over what a task says; false when it is no news.
  bool apply(const runtime::TaskUpdate& update);

 private:
  void tell(runtime::JobState state, const std::string& cause);
  void tell(const runtime::TaskId& task, const std::string& cause);

  const Clock& clock_;
  JobEvents& events_;
  ExecutionGraph graph_;
};

}  // namespace weir::jobmanager
