#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "common/runtime/messages.h"

/// How large the parts of a worker's report are that user code decides about. The worker keeps
/// within bounds; its task manager, which need not trust it, sees to it.
namespace weir::runtime {

/// Calls `use` with every text of the report that user code may have made as long as it likes.
void forEachText(WorkerReport& report, const std::function<void(std::string&)>& use);

/// What the accumulators hold together, with their names.
std::uint64_t bytesOf(const std::vector<AccumulatorValue>& accumulators);
/// About what an update takes in a message.
std::uint64_t bytesOf(const TaskUpdate& update);
/// About what an operator's state takes in an acknowledgement: mostly what it carries itself.
std::uint64_t bytesOf(const OperatorSnapshot& snapshot);
/// About what an acknowledgement takes in a message.
std::uint64_t bytesOf(const CheckpointAck& ack);

/// An accumulator above its bound fails the job with this sentence: names the largest one of
/// `accumulators`, the bound, and what to do.
std::string accumulatorsTooLarge(const std::vector<AccumulatorValue>& accumulators,
                                 std::uint64_t most);

}  // namespace weir::runtime
