#include "taskmanager/worker/task/task_reports.h"

#include <algorithm>
#include <utility>

#include "common/runtime/report_limits.h"
#include "taskmanager/worker/task/task_failure.h"

namespace weir::worker {

namespace {

/// What keeps a chain from taking input.
runtime::TaskHold holdOf(const OperatorChain& chain) {
  auto hold = chain.background().hold();
  if (!hold) {
    return {};
  }
  return {.operator_name = chain.description(hold->first).name,
          .full = std::move(hold->second.full),
          .millis = static_cast<std::uint32_t>(
              std::clamp<std::int64_t>(hold->second.millis, 0, UINT32_MAX))};
}

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
  if (chain_ != nullptr) {
    update.hold = holdOf(*chain_);
  }
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
  const bool other_hold = noteHold(now);
  if (other_hold || metrics != told_metrics_ || !sameValues(accumulators, told_accumulators_)) {
    told_metrics_ = metrics;
    told_accumulators_ = std::move(accumulators);
    state(runtime::TaskState::kRunning);
  }
}

/// Whether something else, or nothing by now, keeps the task from taking input.
bool TaskReports::noteHold(SteadyTime now) {
  constexpr std::chrono::seconds kSame{1};  // Between two looks at one hold's beginning.
  runtime::TaskHold hold = holdOf(*chain_);
  const SteadyTime since = now - std::chrono::milliseconds(hold.millis);
  const bool same = hold.operator_name == told_hold_.operator_name &&
                    hold.full == told_hold_.full &&
                    (hold.full.empty() || std::chrono::abs(since - held_since_) < kSame);
  told_hold_ = std::move(hold);
  held_since_ = since;
  return !same;
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
