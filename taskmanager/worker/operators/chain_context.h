#pragma once

#include <cstddef>
#include <functional>
#include <utility>

#include "common/functions/accumulator_registry.h"
#include "common/functions/operator.h"
#include "taskmanager/worker/operators/chain_time.h"

namespace weir::worker {

/// What one operator of a chain is handed. The chain's; its thread.
class ChainContext final : public functions::OperatorContext {
 public:
  /// All but the values outlives it. `position`: of the operator in its chain, from 0 at the head.
  ChainContext(functions::TaskInfo task,
               functions::AccumulatorRegistry& accumulators,
               std::function<void()> waker,
               functions::ProcessingTime& time,
               const ChainBackground& background,
               std::size_t position)
      : task_(std::move(task)),
        accumulators_(accumulators),
        waker_(std::move(waker)),
        time_(time, background, position) {}
  const functions::TaskInfo& task() const override { return task_; }
  functions::AccumulatorRegistry& accumulators() override { return accumulators_; }
  std::function<void()> waker() override { return waker_; }
  ChainTime& time() override { return time_; }

 private:
  functions::TaskInfo task_;
  functions::AccumulatorRegistry& accumulators_;  // The chain's.
  std::function<void()> waker_;
  ChainTime time_;
};

}  // namespace weir::worker
