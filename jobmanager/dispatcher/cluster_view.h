#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/graph/job_graph.h"
#include "common/runtime/client_messages.h"
#include "common/runtime/job_state.h"
#include "common/runtime/messages.h"

namespace weir::jobmanager {

struct SubtaskView {
  std::uint32_t subtask = 0;
  runtime::TaskState state = runtime::TaskState::kCreated;
  std::uint64_t attempt = 1;
  std::string host;
  std::int64_t start_millis = -1;
  std::int64_t end_millis = -1;
  /// When each TaskState was entered, indexed by its number; 0: never.
  std::array<std::int64_t, 9> timestamps{};
  runtime::TaskMetrics metrics;
};

struct VertexView {
  OperatorId id;
  std::string name;
  std::uint32_t parallelism = 1;
  std::vector<SubtaskView> subtasks;
};

struct CheckpointView {
  CheckpointId id;
  bool savepoint = false;
  enum class Status : std::uint8_t {
    kInProgress,
    kCompleted,
    kFailed
  } status = Status::kInProgress;
  std::int64_t trigger_millis = 0;
  std::int64_t duration_millis = -1;
  std::uint64_t bytes = 0;
  std::uint32_t acknowledged = 0;
  std::uint32_t subtasks = 0;
  std::string path;
  std::string failure;
};

struct JobView {
  runtime::JobSummary summary;
  std::string failure;  ///< First cause, of the last failure.
  std::uint64_t restarts = 0;
  std::int64_t last_modification_millis = 0;
  /// When each JobState was entered last, indexed by its number; 0: never.
  std::array<std::int64_t, 9> timestamps{};
  std::vector<VertexView> vertices;
  graph::JobGraph graph;                    ///< Without factories.
  std::vector<CheckpointView> checkpoints;  ///< The last hundred, newest first.
  std::uint64_t checkpoints_completed = 0;
  std::uint64_t checkpoints_failed = 0;
  std::vector<runtime::AccumulatorValue> accumulators;  ///< Merged over the subtasks.
};

struct TaskManagerView {
  TaskManagerId id;
  std::string host;
  std::uint16_t data_port = 0;
  std::int64_t last_heartbeat_millis = 0;
  std::uint32_t slots = 1;
  std::uint32_t free_slots = 0;
  std::uint32_t cpu_cores = 0;
  std::uint64_t physical_memory = 0;
  std::uint64_t free_memory = 0;
};

/// Everything that HTTP shows, at one instant. Immutable once published.
struct ClusterView {
  std::int64_t now_millis = 0;
  std::vector<JobView> running;     ///< Not ended, by start time.
  std::vector<JobView> finished;    ///< Ended, the last jobmanager.web.history, newest first.
  std::uint64_t jobs_finished = 0;  ///< Counted over the life of the job manager.
  std::uint64_t jobs_cancelled = 0;
  std::uint64_t jobs_failed = 0;
  std::vector<TaskManagerView> task_managers;
};

}  // namespace weir::jobmanager
