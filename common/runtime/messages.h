#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/runtime/deployment.h"
#include "common/runtime/job_state.h"
#include "common/runtime/section_handle.h"

/// What job manager, task managers and workers say to each other, as domain types.
namespace weir::runtime {

/// An accumulator's value as it travels: `type` names the kind, `bytes` is its own encoding.
struct AccumulatorValue {
  std::string name;
  std::string type;  ///< "IntCounter", "LongCounter", "DoubleCounter", "Histogram".
  std::string bytes;
};

/// What one keyed state of an operator holds in a subtask, about.
struct StateUsage {
  OperatorId owner;
  std::string operator_name;
  std::string state;
  std::uint64_t keys = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t disk_bytes = 0;
  bool operator==(const StateUsage&) const = default;
};

struct TaskMetrics {
  std::uint64_t records_in = 0;
  std::uint64_t records_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t restored_bytes = 0;  ///< Of state, read from storage until now.
  std::vector<StateUsage> states{};  ///< The largest ones, as they were looked at last.
  bool operator==(const TaskMetrics&) const = default;
};

/// Why a subtask takes no input.
struct TaskHold {
  std::string operator_name;
  std::string full;          ///< What is full there, "queue of ..."; empty: there is room.
  std::uint32_t millis = 0;  ///< For how long.
};

/// A subtask changed state, or says how it is doing.
struct TaskUpdate {
  ExecutionId execution;
  TaskId task;
  TaskState state = TaskState::kRunning;
  /// Its input has ended; it stays RUNNING and takes part in checkpoints until told to finish.
  bool input_ended = false;
  std::string cause;  ///< kFailed: what happened, one sentence.
  /// kFailed: no restart would help, because program and snapshot do not fit.
  bool unrecoverable = false;
  std::vector<AccumulatorValue> accumulators;
  TaskMetrics metrics;
  TaskHold hold{};
};

/// How a snapshot of all tasks is to be taken.
struct CheckpointOrder {
  CheckpointId checkpoint;
  std::int64_t timestamp_millis = 0;
  bool savepoint = false;
  /// Sources emit nothing behind it unless it is aborted; kDrain: their input ends before it.
  StopMode stop = StopMode::kNone;
};

/// A subtask has stored its state for a checkpoint.
struct CheckpointAck {
  ExecutionId execution;
  CheckpointId checkpoint;
  TaskId task;
  bool finished = false;  ///< Its input had ended before the barrier.
  std::vector<OperatorSnapshot> operators;
  std::uint32_t alignment_millis = 0;  ///< From the first barrier to the last.
  std::uint32_t flush_millis = 0;  ///< Until what came before the barrier, and it, were sent on.
  std::uint32_t freeze_millis = 0;
  std::uint32_t queue_millis = 0;  ///< Frozen, until it was its turn to be written.
  std::uint32_t write_millis = 0;
  std::uint32_t last_channel =
      0;                   ///< Of its input, from 1, that brought the last barrier; 0: none.
  bool unaligned = false;  ///< The barrier did not wait for all that was in flight.
  std::uint64_t in_flight_bytes = 0;  ///< Of the records that it has overtaken.
};

/// An acknowledgement as its worker encoded it, with what those need who pass it on unread.
struct EncodedAck {
  ExecutionId execution;
  CheckpointId checkpoint;
  TaskId task;
  std::string bytes;
};

/// A subtask could not take part in a checkpoint; the job goes on.
struct CheckpointDecline {
  ExecutionId execution;
  CheckpointId checkpoint;
  TaskId task;
  std::string reason;
};

/// How a worker that discards state handles gets on. Said twice of each handle: it asks first, so
/// that who orders knows of every call that may have been made.
struct HandleDiscarded {
  ExecutionId execution;
  std::uint64_t index = 0;  ///< Into DiscardHandles::handles.
  bool done = false;        ///< False: discardState() is called when a DiscardOrder comes.
  std::string error;        ///< What it threw.
};

// ------------------------------------------------------------------ job manager -> task manager

struct CancelOrder {
  ExecutionId execution;
};
/// All inputs have ended and the final checkpoint was notified (or there is none): close and end.
struct FinishOrder {
  ExecutionId execution;
};
struct TriggerOrder {
  ExecutionId execution;
  CheckpointOrder order;
};
/// A checkpoint completed or was aborted; goes to every task of the attempt.
struct NotifyOrder {
  ExecutionId execution;
  CheckpointId checkpoint;
  bool completed = true;
};
/// A worker that discards state handles may call discardState() of this one.
struct DiscardOrder {
  ExecutionId execution;
  std::uint64_t index = 0;
};
/// Read the file that the job manager wrote, and write one beside it for the job manager to read.
struct ProbeOrder {
  std::uint64_t id = 0;
  std::string directory;
  std::string expected_file;
  std::string expected_content;
  std::string write_file;
  std::string write_content;
};
struct ReleaseBlobsOrder {
  JobId job;
};

using TaskManagerOrder = std::variant<Deployment,
                                      DiscardHandles,
                                      CancelOrder,
                                      FinishOrder,
                                      TriggerOrder,
                                      NotifyOrder,
                                      DiscardOrder,
                                      ProbeOrder,
                                      ReleaseBlobsOrder>;

// ------------------------------------------------------------------ task manager -> job manager

struct Registration {
  /// 2: heartbeats are answered, and workers live by the answers. 3: sections to restore stand in
  /// lists that subtasks share. 4: it hands on with which checkpoint a job stops.
  static constexpr std::uint32_t kProtocolVersion = 4;
  std::uint32_t protocol_version = kProtocolVersion;
  TaskManagerId id;
  std::string host;
  std::uint16_t data_port = 0;
  std::uint32_t slots = 1;
  std::uint32_t cpu_cores = 0;
  std::uint64_t physical_memory = 0;
  std::uint64_t free_memory = 0;
  std::string machine_id;  ///< Equal for processes that share a machine (hostname + boot id).
  std::string version;
};
struct Heartbeat {
  std::uint64_t sequence = 0;
  std::uint64_t free_memory = 0;
  /// Executions that still have a live process here; their slots are not free yet.
  std::vector<ExecutionId> running;
};
/// A worker process is reaped and its slots are free. A worker that ended without being told to
/// fails all its tasks that are not terminal, with `cause`.
struct WorkerExited {
  ExecutionId execution;
  bool expected = false;
  std::string cause;           ///< Signal or exit status, and the last lines of its stderr.
  bool unrecoverable = false;  ///< The program itself is wrong: no restart would help.
};
struct ProbeResult {
  std::uint64_t id = 0;
  std::string error;  ///< Empty when all went well.
};

using TaskManagerReport = std::variant<Heartbeat,
                                       std::vector<TaskUpdate>,
                                       CheckpointAck,
                                       CheckpointDecline,
                                       HandleDiscarded,
                                       WorkerExited,
                                       ProbeResult>;

// ------------------------------------------------------------------ task manager -> worker

/// The worker may act for its job up to then (nanosSinceBoot()), and says LeaseTaken to show that
/// it lives.
struct LeaseOrder {
  std::int64_t until_nanos = 0;
};
/// A connection of another worker, accepted on the data port; its descriptor travels beside.
struct PeerConnection {
  std::uint32_t from_worker = 0;
  /// What it showed, for the worker to check as well; earlier task managers did not say.
  std::optional<Bytes16> token;
};
using WorkerOrder = std::variant<Deployment,
                                 DiscardHandles,
                                 CancelOrder,
                                 FinishOrder,
                                 TriggerOrder,
                                 NotifyOrder,
                                 DiscardOrder,
                                 LeaseOrder,
                                 PeerConnection>;

// ------------------------------------------------------------------ worker -> task manager

/// First message of a worker: which protocol it speaks. The deployment follows.
struct WorkerHello {
  /// 2: it takes leases. 3: sections to restore stand in lists that subtasks share.
  static constexpr std::uint32_t kProtocolVersion = 3;
  static constexpr std::uint32_t kSharedLists = 3;
  /// The oldest that a task manager still speaks.
  static constexpr std::uint32_t kOldestVersion = 1;
  std::uint32_t protocol_version = kProtocolVersion;
  std::string version;
  bool stops = true;  ///< It knows what CheckpointOrder::stop is; earlier releases do not.
};
/// The whole attempt cannot go on in this worker: another graph, a broken argument, main() threw.
struct WorkerFailed {
  std::string cause;
  bool unrecoverable = false;  ///< The program itself is wrong: no restart would help.
};
/// The answer to a LeaseOrder.
struct LeaseTaken {
  std::int64_t until_nanos = 0;
};
using WorkerReport = std::variant<WorkerHello,
                                  WorkerFailed,
                                  TaskUpdate,
                                  CheckpointAck,
                                  CheckpointDecline,
                                  HandleDiscarded,
                                  LeaseTaken>;

// ------------------------------------------------------------------------------------- in general

/// The attempt that an order or a report is about. Null where it is about none, such as a greeting,
/// a lease or a heartbeat, and for a list of updates, each of which names its own.
template <typename... Message>
const ExecutionId* executionOf(const std::variant<Message...>& message) {
  return std::visit(
      [](const auto& one) -> const ExecutionId* {
        if constexpr (requires { one.execution; }) {
          return &one.execution;
        } else {
          return nullptr;
        }
      },
      message);
}

}  // namespace weir::runtime
