#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "common/base/result.h"
#include "common/runtime/job_state.h"

namespace weir::taskmanager {

/// The slots of one task manager and who holds them.
///
/// Lives as long as the task manager. Threads: its strand only.
class SlotTable {
 public:
  explicit SlotTable(std::uint32_t slots) : slots_(slots) {}

  /// Gives `count` slots to `execution`. kResourceExhausted, naming who holds them, when fewer are
  /// free; kFailedPrecondition when it holds some already.
  Status take(const runtime::ExecutionId& execution, std::uint32_t count);
  /// Frees what `execution` holds, if anything.
  void giveBack(const runtime::ExecutionId& execution);

  std::uint32_t total() const { return slots_; }
  std::uint32_t free() const;
  /// Who holds slots, in order.
  std::vector<runtime::ExecutionId> holders() const;
  /// How many each of them holds.
  const std::map<runtime::ExecutionId, std::uint32_t>& held() const { return taken_; }

 private:
  std::uint32_t slots_;
  std::map<runtime::ExecutionId, std::uint32_t> taken_;
};

}  // namespace weir::taskmanager
