#include "taskmanager/daemon/slots/slot_table.h"

#include <string>

namespace weir::taskmanager {

Status SlotTable::take(const runtime::ExecutionId& execution, std::uint32_t count) {
  if (taken_.contains(execution)) {
    return Error(ErrorCode::kFailedPrecondition,
                 "attempt " + std::to_string(execution.attempt.value()) + " of job " +
                     execution.job.hex() + " holds slots already");
  }
  if (count > free()) {
    std::string message = "job " + execution.job.hex() + " needs " + std::to_string(count) +
                          " slots, but " + std::to_string(free()) + " of " +
                          std::to_string(slots_) + " are free";
    for (const auto& [holder, slots] : taken_) {
      message += ", " + std::to_string(slots) + " are held by attempt " +
                 std::to_string(holder.attempt.value()) + " of job " + holder.job.hex();
    }
    return Error(ErrorCode::kResourceExhausted, std::move(message));
  }
  taken_.emplace(execution, count);
  return ok();
}

void SlotTable::giveBack(const runtime::ExecutionId& execution) { taken_.erase(execution); }

std::uint32_t SlotTable::free() const {
  std::uint32_t used = 0;
  for (const auto& [holder, slots] : taken_) {
    used += slots;
  }
  return slots_ - used;
}

std::vector<runtime::ExecutionId> SlotTable::holders() const {
  std::vector<runtime::ExecutionId> executions;
  for (const auto& [holder, slots] : taken_) {
    executions.push_back(holder);
  }
  return executions;
}

}  // namespace weir::taskmanager
