#include "taskmanager/daemon/supervision/state_usages.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

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
  std::map<std::pair<OperatorId, std::string>, runtime::StateUsage> sums;
  for (const auto& [task, states] : by_task_) {
    for (const runtime::StateUsage& one : states) {
      const auto [sum, fresh] = sums.try_emplace({one.owner, one.state}, one);
      if (!fresh) {
        sum->second.keys += one.keys;
        sum->second.memory_bytes += one.memory_bytes;
      }
    }
  }
  std::vector<runtime::StateUsage> largest;
  for (auto& [key, sum] : sums) {
    largest.push_back(std::move(sum));
  }
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
