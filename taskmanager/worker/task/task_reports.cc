#include "taskmanager/worker/task/task_reports.h"

#include <algorithm>
#include <utility>

#include "common/runtime/report_limits.h"
#include "taskmanager/worker/task/task_failure.h"

namespace weir::worker {

namespace {

bool sameValues(const std::vector<runtime::AccumulatorValue>& a,
                const std::vector<runtime::AccumulatorValue>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.name == y.name && x.bytes == y.bytes;
  });
}

}  // namespace

TaskReports::TaskReports(runtime::ExecutionId execution,
                         runtime::TaskId task,
                         const TaskInput& input,
                         const TaskOutputs& outputs,
                         const Send& send,
                         std::uint64_t most_accumulators)
    : execution_(execution),
      task_(task),
      input_(input),
      outputs_(outputs),
      send_(send),
      most_accumulators_(most_accumulators) {}

void TaskReports::state(runtime::TaskState state, std::string cause, bool unrecoverable) {
  runtime::TaskUpdate update;
  update.execution = execution_;
  update.task = task_;
  update.state = state;
  update.unrecoverable = unrecoverable;
  update.input_ended = input_ended_;
  update.cause = std::move(cause);
  if (chain_ != nullptr) {
    update.accumulators = chain_->accumulators();
    if (runtime::bytesOf(update.accumulators) > most_accumulators_) {
      update.accumulators.clear();  // The task fails for it.
    }
  }
  update.metrics = metrics();
  send_(std::move(update));
}

void TaskReports::restored(std::uint64_t bytes, SteadyTime now) {
  restored_bytes_ += bytes;
  if (now >= next_) {
    next_ = now + kInterval;
    state(runtime::TaskState::kDeploying);
  }
}

void TaskReports::inputEnded() {
  input_ended_ = true;
  state(runtime::TaskState::kRunning);
}

void TaskReports::progress(SteadyTime now) {
  next_ = now + kInterval;
  stale_ = false;
  states_ = chain_->stateUsage();
  const runtime::TaskMetrics metrics = this->metrics();
  std::vector<runtime::AccumulatorValue> accumulators = this->accumulators();
  if (metrics != told_metrics_ || !sameValues(accumulators, told_accumulators_)) {
    told_metrics_ = metrics;
    told_accumulators_ = std::move(accumulators);
    state(runtime::TaskState::kRunning);
  }
}

std::vector<runtime::AccumulatorValue> TaskReports::accumulators() const {
  auto accumulators = chain_->accumulators();
  if (runtime::bytesOf(accumulators) > most_accumulators_) {
    throw AccumulatorsTooLargeError(
        runtime::accumulatorsTooLarge(accumulators, most_accumulators_));
  }
  return accumulators;
}

runtime::TaskMetrics TaskReports::metrics() const {
  runtime::TaskMetrics metrics;
  metrics.bytes_in = input_.bytesRead();
  metrics.bytes_out = outputs_.bytesSent();
  metrics.restored_bytes = restored_bytes_;
  if (chain_ != nullptr) {
    metrics.records_in = chain_->recordsIn();
    metrics.records_out = chain_->recordsOut();
  }
  metrics.states = states_;
  return metrics;
}

}  // namespace weir::worker
