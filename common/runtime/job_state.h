#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/ids.h"

namespace weir::runtime {

/// Life of a job, as Flink names it. Append only: the numbers go on the wire.
enum class JobState : std::uint8_t {
  kCreated = 1,
  kRunning = 2,
  kFailing = 3,
  kFailed = 4,
  kCancelling = 5,
  kCanceled = 6,
  kFinished = 7,
  kRestarting = 8,
};

/// Life of one subtask's execution. Append only: the numbers go on the wire.
enum class TaskState : std::uint8_t {
  kCreated = 1,
  kScheduled = 2,
  kDeploying = 3,
  kRunning = 4,
  kFinished = 5,
  kCanceling = 6,
  kCanceled = 7,
  kFailed = 8,
};

/// Whether a job stops with a snapshot. Append only: the numbers go on the wire.
enum class StopMode : std::uint8_t {
  kNone = 0,
  kSuspend = 1,  ///< To be continued: the input has not ended.
  kDrain = 2,    ///< For good: sources that stop end the input, as bounded ones do.
};
inline constexpr std::uint32_t kStopModes = 3;

/// The upper-case names of Flink: "RUNNING", "CANCELED".
std::string_view toString(JobState state);
std::string_view toString(TaskState state);
/// "", "suspend", "drain".
std::string_view toString(StopMode mode);

constexpr bool isTerminal(JobState state) {
  return state == JobState::kFailed || state == JobState::kCanceled || state == JobState::kFinished;
}
constexpr bool isTerminal(TaskState state) {
  return state == TaskState::kFinished || state == TaskState::kCanceled ||
         state == TaskState::kFailed;
}

/// One deployment of a job. Everything that a worker says carries it; what belongs to another
/// attempt or an older leader is refused by number.
struct ExecutionId {
  JobId job;
  AttemptId attempt;
  LeaderEpoch epoch;
  auto operator<=>(const ExecutionId&) const = default;
};

/// One subtask of a vertex.
struct TaskId {
  OperatorId vertex;
  std::uint32_t subtask = 0;
  auto operator<=>(const TaskId&) const = default;
};

/// A job as `weir list` shows it.
struct JobSummary {
  JobId id;
  std::string name;
  JobState state = JobState::kCreated;
  std::int64_t start_millis = 0;
  std::int64_t end_millis = -1;  ///< -1 while it runs.
  std::uint64_t restarts = 0;
  std::string failure;  ///< Why it failed last, cut to a few lines; empty when it never did.
  std::string waiting;  ///< What it waits for, as a clause; empty when it waits for nothing.
  std::uint32_t parallelism = 0;  ///< It was run with; 0 of a job that does not run.
};

}  // namespace weir::runtime
