#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "common/functions/accumulator_registry.h"
#include "common/functions/task_info.h"
#include "common/state/keyed_state.h"
#include "common/state/state_owner.h"

namespace weir {

namespace functions {
/// Whether the program has a call of RuntimeContext::get...State anywhere. Known before main().
bool& programAsksForState();
struct AsksForState {
  AsksForState() { programAsksForState() = true; }
};
/// Is there where such a call is compiled.
template <typename State>
inline const AsksForState kAsksFor{};
}  // namespace functions

/// A number that only grows, or goes up and down; shown, never stored. Task's thread.
class MetricCounter {
 public:
  explicit MetricCounter(std::string name) : name_(std::move(name)) {}
  const std::string& name() const { return name_; }
  void inc(std::int64_t by = 1) { count_ += by; }
  void dec(std::int64_t by = 1) { count_ -= by; }
  std::int64_t getCount() const { return count_; }

 private:
  std::string name_;
  std::int64_t count_ = 0;
};

/// Counters of one function in one subtask, for itself: nothing shows them yet. Task's thread.
class MetricGroup {
 public:
  /// The counter of this name, made at first use; valid as long as the function.
  MetricCounter& counter(std::string_view name);
  const std::deque<MetricCounter>& counters() const { return counters_; }

 private:
  std::deque<MetricCounter> counters_;  // Never moves its elements.
};

/// What a rich function may ask of its subtask. Valid from open() to the end of close(), on the
/// task's thread.
class RuntimeContext {
 public:
  /// `task` and `accumulators` outlive the context.
  RuntimeContext(const functions::TaskInfo& task, functions::AccumulatorRegistry& accumulators)
      : task_(&task), accumulators_(&accumulators) {}

  /// In [0, getNumberOfParallelSubtasks()).
  int getIndexOfThisSubtask() const { return static_cast<int>(task_->subtask); }
  int getNumberOfParallelSubtasks() const { return static_cast<int>(task_->parallelism); }
  int getMaxNumberOfParallelSubtasks() const { return static_cast<int>(task_->max_parallelism); }
  /// The operator's name.
  const std::string& getTaskName() const { return task_->operator_name; }
  /// Counts the starts of the job from 0.
  int getAttemptNumber() const { return static_cast<int>(task_->attempt.value()) - 1; }
  const std::string& getJobName() const { return task_->job_name; }
  /// Whether the function was made only for `weir savepoint check` to see that it can take its
  /// state back: it will see no record. Its process has no network, takes part in no job, and may
  /// be ended at any time. In open(), which is called there only where the function asks for state
  /// that it does not declare as a member, ask for all of it as always, and leave out what would
  /// reach outside: connections, files, threads.
  bool isCheck() const { return task_->check; }

  /// States that are not members. They throw state::StateError on a stream that is not keyed, and
  /// std::runtime_error when the name is taken or a restored state does not fit.
  template <typename T>
  ValueState<T> getState(ValueStateDescriptor<T> descriptor) {
    return bound(ValueState<T>(std::move(descriptor)));
  }
  template <typename T>
  ListState<T> getListState(ListStateDescriptor<T> descriptor) {
    return bound(ListState<T>(std::move(descriptor)));
  }
  template <typename T>
  ReducingState<T> getReducingState(ReducingStateDescriptor<T> descriptor) {
    return bound(ReducingState<T>(std::move(descriptor)));
  }
  template <typename T, typename Acc>
  FoldingState<T, Acc> getFoldingState(FoldingStateDescriptor<T, Acc> descriptor) {
    return bound(FoldingState<T, Acc>(std::move(descriptor)));
  }
  template <typename K, typename V>
  MapState<K, V> getMapState(MapStateDescriptor<K, V> descriptor) {
    return bound(MapState<K, V>(std::move(descriptor)));
  }
  template <typename In, typename Acc, typename Out>
  AggregatingState<In, Acc, Out> getAggregatingState(
      AggregatingStateDescriptor<In, Acc, Out> descriptor) {
    return bound(AggregatingState<In, Acc, Out>(std::move(descriptor)));
  }

  /// Makes a member of the function part of the job's result. The accumulator stays where it is
  /// until close(). Throws std::invalid_argument when the name has another type already
  /// or more than 1 KiB, and UnrecoverableError when the task's accumulators together exceed
  /// taskmanager.worker.max-accumulator-size.
  void addAccumulator(const std::string& name, Accumulator& accumulator);
  MetricGroup& metrics() { return metrics_; }

  /// Ends the process when its worker was given up: called right before something leaves it.
  void enforceLease() const {
    if (task_->lease != nullptr) {
      task_->lease->enforce();
    }
  }
  /// For connectors, which work differently where there are checkpoints, and know attempts apart.
  const functions::TaskInfo& task() const { return *task_; }

  /// For operators: where keyed states live; none on a stream that is not keyed.
  void setBackend(state::KeyedBackend* backend) { backend_ = backend; }
  /// For operators: binds the declared states of a function within a function.
  void bindStates(StateOwner& owner);

 private:
  template <typename State>
  State bound(State state) {
    (void)&functions::kAsksFor<State>;
    bind(state);
    return state;
  }
  void bind(state::DeclaredState& state);

  const functions::TaskInfo* task_;               // Of the operator's context.
  functions::AccumulatorRegistry* accumulators_;  // Of the task.
  state::KeyedBackend* backend_ = nullptr;        // Of the operator.
  MetricGroup metrics_;
};

}  // namespace weir
