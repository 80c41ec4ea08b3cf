#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/runtime/messages.h"
#include "taskmanager/worker/operators/operator_chain.h"
#include "taskmanager/worker/task/task_input.h"
#include "taskmanager/worker/task/task_outputs.h"

namespace weir::worker {

/// What one subtask says of itself: every change of its state at once, and how it is doing about
/// once a second, if that has changed.
///
/// Lives as long as its task; the task's thread.
class TaskReports {
 public:
  using Send = std::function<void(runtime::WorkerReport)>;

  /// References outlive it. `most_accumulators`: what the accumulators may hold, in bytes.
  TaskReports(runtime::ExecutionId execution,
              runtime::TaskId task,
              const TaskInput& input,
              const TaskOutputs& outputs,
              const Send& send,
              std::uint64_t most_accumulators);

  /// There are accumulators and records to be told of from now on. `chain` outlives the last
  /// report.
  void connect(const OperatorChain& chain) { chain_ = &chain; }
  /// The first progress is due a while after `now`.
  void begin(SteadyTime now) { next_ = now + kInterval; }

  /// Says that the task is in `state`; with kFailed, why, and whether any restart would help.
  void state(runtime::TaskState state, std::string cause = {}, bool unrecoverable = false);
  /// So many more bytes of state were read back: told about once a second.
  void restored(std::uint64_t bytes, SteadyTime now);
  /// Says that the task's input has ended, now and with everything that follows.
  void inputEnded();

  /// Something may have changed since the last report.
  void touch() { stale_ = true; }
  bool due(SteadyTime now) const { return stale_ && now >= next_; }
  /// When to look at due() again.
  SteadyTime dueAt() const { return stale_ ? next_ : SteadyTime::max(); }
  /// Says how the task is doing, if that has changed. Throws as checkAccumulators().
  void progress(SteadyTime now);
  /// Throws AccumulatorsTooLargeError.
  void checkAccumulators() const { (void)accumulators(); }

 private:
  static constexpr std::chrono::seconds kInterval{1};

  bool noteHold(SteadyTime now);
  runtime::TaskMetrics metrics() const;
  std::vector<runtime::AccumulatorValue> accumulators() const;

  const runtime::ExecutionId execution_;
  const runtime::TaskId task_;
  const TaskInput& input_;  // The task's, as are the next two.
  const TaskOutputs& outputs_;
  const OperatorChain* chain_ = nullptr;
  const Send& send_;  // The worker's.
  const std::uint64_t most_accumulators_;
  std::uint64_t restored_bytes_ = 0;
  bool input_ended_ = false;
  bool stale_ = true;
  SteadyTime next_{};
  std::vector<runtime::StateUsage> states_;  // As of the last progress().
  runtime::TaskMetrics told_metrics_;
  std::vector<runtime::AccumulatorValue> told_accumulators_;
  runtime::TaskHold told_hold_;
  SteadyTime held_since_{};
};

}  // namespace weir::worker
