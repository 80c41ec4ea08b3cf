#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "common/base/clock.h"
#include "taskmanager/worker/network/wake_signal.h"
#include "taskmanager/worker/operators/operator_chain.h"
#include "taskmanager/worker/task/pace.h"
#include "taskmanager/worker/task/poll_timer.h"
#include "taskmanager/worker/task/task_alarms.h"
#include "taskmanager/worker/task/task_checkpoints.h"
#include "taskmanager/worker/task/task_input.h"
#include "taskmanager/worker/task/task_outputs.h"
#include "taskmanager/worker/task/task_reports.h"

namespace weir::worker {

/// What a task does between two looks at its mail: about a millisecond's worth of records, of its
/// source or its input, or an element that is no record; then flushes and reports that are due, or
/// sleep when there is nothing to do or no room downstream.
///
/// Lives as long as its task; the task's thread, but for processed(). Exceptions of user code pass
/// through.
class TaskSteps {
 public:
  /// Of the task, which they all outlive.
  struct Parts {
    TaskInput& input;
    TaskOutputs& outputs;
    TaskReports& reports;
    TaskAlarms& alarms;
    PollTimer& poll_timer;
    WakeSignal& signal;
    const Clock& clock;
  };

  explicit TaskSteps(const Parts& parts) : parts_(parts) {}

  /// The operators are open, and outlive the last turn, as do the checkpoints.
  void open(OperatorChain& chain, TaskCheckpoints& checkpoints);
  /// Before the first turn: a source may have ended before it was restored.
  void begin();
  /// One step with what follows it. What comes from the last signal.prepare() on ends its sleep.
  void turn();
  /// Mail was handled, which took time.
  void look() { now_ = parts_.clock.now(); }
  /// Of a source: takes a snapshot, before which its input ends if the job is drained.
  void trigger(const runtime::CheckpointOrder& order);
  /// Gives the alignment of a checkpoint up, and the checkpoint.
  void abort(CheckpointId checkpoint);

  bool isSource() const { return parts_.input.empty(); }
  /// Whether the operators have taken records without a failure. From any thread.
  bool processed() const { return processed_.load(std::memory_order_relaxed); }

 private:
  enum class Step : std::uint8_t { kWorked, kIdle, kBlocked };

  Step step();
  Step poll();
  Step read();
  /// Ends a sub-batch: paces the next one, and notes that buffers may be started.
  SteadyTime worked(SteadyTime start, Duration waited_before, bool full);
  void afterWork();
  void rest(Step step);
  void flush();
  void overtake();
  /// Lets the operators' alarms ring that are due.
  void ring();
  /// Emits what the operators have beside their input; whether there was any.
  bool handOut();
  /// Whether the end of the input stands in an operator yet.
  bool isEnding() const { return ending_ && !input_ended_; }
  void settleEnd();
  /// Where the end that a drained job waits for does not come: says so, once.
  void declineEndless();
  void endSource();
  void onSignal(TaskInput::Joined joined);
  void inputEnded();

  const Parts parts_;
  OperatorChain* chain_ = nullptr;  // The task's, like the next; from open() on.
  TaskCheckpoints* checkpoints_ = nullptr;
  Pace pace_;
  SteadyTime now_{};          // As of the last step.
  bool ending_ = false;       // The end of the input has come.
  bool input_ended_ = false;  // It has gone through all operators.
  // What drains the job comes behind the end.
  std::optional<runtime::CheckpointOrder> stop_order_;  // Of a source.
  std::optional<TaskInput::Joined> stop_barrier_;       // Of others.
  CheckpointId declined_;                               // The newest that this task had no end for.
  std::atomic<bool> processed_{false};  // A batch of records went through the operators.
};

}  // namespace weir::worker
