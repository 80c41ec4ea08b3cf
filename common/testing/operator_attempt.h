#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "common/fs/local_file_system.h"
#include "common/functions/accumulator_registry.h"
#include "common/functions/alarms.h"
#include "common/functions/operator.h"
#include "common/functions/signal_join.h"
#include "common/testing/operator_run.h"

namespace weir::testing {

/// The operator of a run from its making to its end, and what it is told.
class OperatorRun::Attempt final : public functions::OperatorContext {
 public:
  Attempt(OperatorRun& run, const Snapshot* from)
      : run_(run), task_(taskOf(run, from)), time_(run.now_), inputs_(run.ports_) {
    task_.files = &files_;
    self_ = run.make_();
    self_->setup(*this);
    run.connect_(*self_);
  }
  ~Attempt() override {
    try {
      close();
    } catch (...) {  // NOLINT: as of a task that is cancelled; close() lets it out.
    }
  }

  const functions::TaskInfo& task() const override { return task_; }
  functions::AccumulatorRegistry& accumulators() override { return accumulators_; }
  std::function<void()> waker() override {
    return [woken = run_.woken_] { ++*woken; };
  }
  functions::ManualTime& time() override { return time_; }

  functions::Operator& self() { return *self_; }

  /// A signal of one input, to its port or to the one in which all are united.
  void signal(std::uint32_t input, const functions::Signal& signal) {
    if (!run_.united_) {
      self_->input(input)->receive(signal);
      return;
    }
    for (auto joint = inputs_.join(input, signal); joint; joint = inputs_.more()) {
      self_->input(0)->receive(*joint);
    }
  }

  void open() { self_->open(); }
  void close() {
    if (!std::exchange(closed_, true)) {
      accumulators_.freeze();
      self_->close();
    }
  }

 private:
  static functions::TaskInfo taskOf(OperatorRun& run, const Snapshot* from) {
    functions::TaskInfo task;
    task.job_name = "test";
    task.attempt = AttemptId(++run.attempts_);
    task.operator_name = "tested";
    task.task_name = "tested";
    task.checkpointing = true;
    task.max_parallelism = run.max_parallelism_;
    if (from != nullptr) {
      task.subtask = from->subtask();
      task.parallelism = from->parallelism();
    }
    return task;
  }

  OperatorRun& run_;  // Owns us.
  fs::LocalFileSystem files_;
  functions::TaskInfo task_;
  functions::AccumulatorRegistry accumulators_;
  functions::ManualTime time_;
  functions::SignalJoin inputs_;  // Of a run that unites its inputs.
  bool closed_ = false;
  std::unique_ptr<functions::Operator> self_;  // Ends before what it was given.
};

}  // namespace weir::testing
