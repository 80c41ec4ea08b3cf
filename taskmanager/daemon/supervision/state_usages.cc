#include "taskmanager/daemon/supervision/state_usages.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "common/runtime/state_sums.h"

namespace weir::taskmanager {

namespace {

constexpr std::size_t kMostNamed = 3;

}  // namespace

void StateUsages::note(const runtime::TaskUpdate& update) {
  if (!update.metrics.states.empty()) {
    by_task_[update.task] = update.metrics.states;
  }
}

std::string StateUsages::largest() const {
  runtime::StateSums sums;
  for (const auto& [task, states] : by_task_) {
    sums.add(states);
  }
  std::vector<runtime::StateUsage> largest = sums.all();
  std::ranges::sort(largest, std::greater<>(), &runtime::StateUsage::memory_bytes);
  std::string text;
  for (std::size_t i = 0; i < std::min(largest.size(), kMostNamed); ++i) {
    const runtime::StateUsage& one = largest[i];
    text += (i == 0 ? "; of that about " : ", ") + std::to_string(one.memory_bytes >> 20) +
            " MiB by state '" + one.state + "' of operator '" + one.operator_name + "' with " +
            std::to_string(one.keys) + (one.keys == 1 ? " key" : " keys");
  }
  return text;
}

}  // namespace weir::taskmanager
