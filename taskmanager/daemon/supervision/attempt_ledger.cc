#include "taskmanager/daemon/supervision/attempt_ledger.h"

#include <algorithm>
#include <utility>

namespace weir::taskmanager {

void AttemptLedger::setMemory(Duration memory) {
  memory_ = memory;
  if (memory_ == Duration::zero()) {
    entries_.clear();
  }
}

void AttemptLedger::begin(const runtime::ExecutionId& execution) {
  forgetEnded(execution.job);
  if (memory_ > Duration::zero()) {
    entries_[execution];
  }
}

void AttemptLedger::note(const runtime::TaskUpdate& update) {
  const auto found = entries_.find(update.execution);
  if (found == entries_.end()) {
    return;
  }
  const auto [known, fresh] = found->second.tasks.try_emplace(update.task, update);
  if (fresh) {
    return;
  }
  runtime::TaskUpdate& sum = known->second;
  if (!runtime::isTerminal(sum.state)) {
    sum.state = update.state;
    sum.cause = update.cause;
    sum.unrecoverable = update.unrecoverable;
  }
  sum.input_ended = sum.input_ended || update.input_ended;
  sum.metrics = update.metrics;
  if (!update.accumulators.empty()) {
    sum.accumulators = update.accumulators;
  }
}

void AttemptLedger::end(const runtime::WorkerExited& exited, std::int64_t now) {
  if (const auto found = entries_.find(exited.execution); found != entries_.end()) {
    found->second.exited = exited;
    found->second.ended_at = now;
  }
  forgetOld(now);
}

void AttemptLedger::forgetEnded(JobId job) {
  std::erase_if(entries_, [job](const auto& one) {
    return one.first.job == job && one.second.exited.has_value();
  });
}

void AttemptLedger::forgetOld(std::int64_t now) {
  std::vector<std::pair<std::int64_t, runtime::ExecutionId>> ended;
  for (const auto& [execution, entry] : entries_) {
    if (entry.exited) {
      ended.emplace_back(entry.ended_at, execution);
    }
  }
  std::ranges::sort(ended);
  const std::size_t too_many = ended.size() - std::min(ended.size(), kMostEnded);
  for (std::size_t i = 0; i < ended.size(); ++i) {
    if (i < too_many || ended[i].first + memory_.count() < now) {
      entries_.erase(ended[i].second);
    }
  }
}

}  // namespace weir::taskmanager
