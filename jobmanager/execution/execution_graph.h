#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/base/ids.h"
#include "common/graph/shared_graph.h"
#include "common/runtime/job_state.h"
#include "common/runtime/messages.h"
#include "jobmanager/execution/vertex_view.h"

namespace weir::jobmanager {

/// When a subtask took no input last, and why.
struct HeldTask {
  std::string operator_name;
  std::string full;  ///< Empty: it was never kept from it.
  std::int64_t since = 0;
  std::int64_t until = 0;  ///< 0: it lasts.
};

/// One subtask in the current attempt.
struct TaskExecution {
  runtime::TaskState state = runtime::TaskState::kCreated;
  bool input_ended = false;
  std::string host;
  std::array<std::int64_t, 9> timestamps{};
  runtime::TaskMetrics metrics;
  HeldTask held;
  std::vector<runtime::AccumulatorValue> accumulators;
};

/// The states of a job and of its subtasks, and which may follow which; decides nothing.
///
/// One per job, over all its attempts. Threads: the strand of the dispatcher. Times are
/// milliseconds of the wall clock.
class ExecutionGraph {
 public:
  ExecutionGraph(const graph::SharedGraph& graph, std::int64_t now);

  const graph::JobGraph& graph() const { return graph_; }
  const graph::SharedGraph& shared() const { return graph_; }
  runtime::JobState state() const { return state_; }
  const std::array<std::int64_t, 9>& timestamps() const { return timestamps_; }
  std::int64_t lastModification() const { return last_modification_; }

  /// Whether a job in `from` may go to `to`.
  static bool mayFollow(runtime::JobState from, runtime::JobState to);
  /// False (and nothing happens) when the job may not go there.
  bool transition(runtime::JobState to, std::int64_t now);

  /// All tasks are CREATED again, their time stamps and metrics gone.
  void beginAttempt(AttemptId attempt, std::int64_t now);
  AttemptId attempt() const { return attempt_; }
  void setHost(const runtime::TaskId& task, std::string host);

  /// Takes over what a task says. False when it is no news: an unknown task, a state that cannot
  /// follow, or the same one again (whose metrics are taken over all the same).
  bool apply(const runtime::TaskUpdate& update, std::int64_t now);
  /// Moves every task that is not terminal to `state`; returns which ones.
  std::vector<runtime::TaskId> moveAll(runtime::TaskState state, std::int64_t now);

  const TaskExecution* find(const runtime::TaskId& task) const;
  const graph::JobVertex* vertex(OperatorId id) const;
  std::vector<runtime::TaskId> tasks() const;
  std::uint32_t size() const;
  bool all(runtime::TaskState state) const;
  /// How many tasks are SCHEDULED or DEPLOYING.
  std::size_t starting() const;
  /// Every task has seen the end of its input, or has finished.
  bool allInputsEnded() const;
  /// The vertex's name with the number of the subtask, as lists print it: "map (2/4)".
  std::string describe(const runtime::TaskId& task) const;

  std::vector<VertexView> vertices() const;
  /// Merged over the subtasks.
  std::vector<runtime::AccumulatorValue> accumulators() const;
  /// Two tasks of this attempt have accumulators of one name and different types, which cannot be
  /// merged: names the first two that said so.
  const std::optional<Error>& accumulatorClash() const { return accumulator_clash_; }

 private:
  struct AccumulatorOwner {
    std::string type;
    runtime::TaskId task;
  };

  static void noteHold(TaskExecution& task, const runtime::TaskHold& hold, std::int64_t now);
  void noteAccumulators(const runtime::TaskUpdate& update);
  bool move(TaskExecution& task, runtime::TaskState to, std::int64_t now);

  const graph::SharedGraph graph_;  // With deployments and requests.
  runtime::JobState state_ = runtime::JobState::kCreated;
  AttemptId attempt_;
  std::array<std::int64_t, 9> timestamps_{};
  std::int64_t last_modification_;
  std::map<OperatorId, std::size_t> vertex_index_;
  std::vector<std::vector<TaskExecution>> executions_;          // [vertex][subtask]
  std::map<std::string, AccumulatorOwner> accumulator_owners_;  // By name: who named it first.
  std::optional<Error> accumulator_clash_;
};

}  // namespace weir::jobmanager
