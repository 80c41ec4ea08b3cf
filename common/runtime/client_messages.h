#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/ids.h"
#include "common/graph/shared_graph.h"
#include "common/runtime/deployment.h"
#include "common/runtime/job_state.h"
#include "common/runtime/messages.h"

/// What a client and the job manager say to each other, as domain types.
namespace weir::runtime {

/// From which snapshot a job starts, and what may be left out.
struct RestoreRequest {
  std::string path;                            ///< Savepoint or completed checkpoint.
  bool allow_non_restored = false;             ///< -n
  std::vector<std::string> drop;               ///< --drop UID or UID/STATE
  std::map<std::string, std::string> renamed;  ///< --map OLD=NEW
};

/// Submission is idempotent: the client makes the job id, and a repeated one is answered again.
struct SubmitRequest {
  JobId job;
  graph::SharedGraph graph;
  Program program;  ///< Its blobs were uploaded before.
  std::optional<RestoreRequest> restore;
};

/// What a restore did with every operator's state; a line of text each, for standard error.
struct RestoreReport {
  std::vector<std::string> matched;
  std::vector<std::string> empty;
  std::vector<std::string> dropped;
};

struct SubmitReply {
  RestoreReport restore;
};

struct JobStateChange {
  std::int64_t millis = 0;
  JobState state = JobState::kCreated;
  std::string cause;
};
struct TaskStateChange {
  std::int64_t millis = 0;
  std::string task_name;
  std::uint32_t subtask = 0;
  std::uint32_t parallelism = 1;
  TaskState state = TaskState::kCreated;
  std::string cause;
};
/// The last event of a job that ended.
struct JobResult {
  JobState state = JobState::kFinished;
  std::int64_t runtime_millis = 0;
  std::string cause;  ///< First cause of a failure.
  std::vector<AccumulatorValue> accumulators;
};
using JobEvent = std::variant<JobStateChange, TaskStateChange, JobResult>;

/// Idempotent by `operation`: repeated, it joins the first.
struct SavepointRequest {
  OperationId operation;
  JobId job;
  std::string directory;  ///< Empty: the configured store.
  bool cancel_job = false;
  StopMode stop = StopMode::kNone;  ///< Not kNone: the job finishes with it.
};
struct SavepointProgress {
  CheckpointId checkpoint;
  std::uint32_t acknowledged = 0;
  std::uint32_t subtasks = 0;
  std::uint64_t bytes = 0;
};
struct SavepointResult {
  std::string path;
  std::string points_to;  ///< Where the state lies, as text for the user.
  CheckpointId checkpoint;
  std::uint64_t bytes = 0;
  std::vector<std::string> warnings;  ///< What will hurt at a restore from it.
};
using SavepointEvent = std::variant<SavepointProgress, SavepointResult>;

/// Another program takes over from a job that runs. Idempotent by `operation`: repeated, it joins
/// the first.
struct UpgradeRequest {
  OperationId operation;
  JobId job;  ///< That runs.
  /// The other program as a job of its own. The path of its restore is empty: it starts from the
  /// savepoint that the job which runs stops with.
  SubmitRequest next;
};
/// Which program runs now that the job has stopped.
struct UpgradeReply {
  JobId job;                     ///< That runs now: the next one, or one of the old program.
  std::string savepoint;         ///< That it was started from.
  std::int64_t down_millis = 0;  ///< From when sources were told to stop until all tasks ran.
  RestoreReport restore;         ///< Of the next one.
  std::string failure;           ///< Why it is one of the old program; empty: it is the next one.
};

struct DisposeRequest {
  OperationId operation;
  std::string path;
  bool force = false;
  /// Discards state handles of users' own making, instead of the program stored with the savepoint.
  /// Its blobs were uploaded before.
  std::optional<JobProgram> program;
};
struct DisposeReply {
  std::vector<std::string> unreadable;  ///< What could not be read, or user code not discard.
  bool data_later = false;              ///< The data goes after the running job's next checkpoint.
};

struct SavepointInfo {
  std::string path;
  JobId job;
  std::string job_name;
  CheckpointId checkpoint;
  std::int64_t created_millis = 0;
  std::uint64_t bytes = 0;
  std::string error;         ///< Not empty when its metadata cannot be read.
  std::string label;         ///< What its owner wrote beside it; may be empty.
  std::vector<JobId> users;  ///< Jobs that would recover from it.
};

}  // namespace weir::runtime
