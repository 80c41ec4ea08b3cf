#include "taskmanager/worker/operators/state_usage.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace weir::worker {

void addUsage(const graph::JobOperator& what,
              const state::KeyedBackend* backend,
              std::vector<runtime::StateUsage>& usage) {
  if (backend == nullptr) {
    return;
  }
  for (state::StateSize& size : backend->sizes()) {
    usage.push_back(
        {what.id, what.name, std::move(size.name), size.keys, size.memory_bytes, size.disk_bytes});
  }
}

void keepLargest(std::vector<runtime::StateUsage>& usage) {
  constexpr std::size_t kMostTold = 32;
  std::ranges::sort(usage, std::greater<>(), [](const runtime::StateUsage& one) {
    return std::pair(one.memory_bytes, one.disk_bytes);
  });
  usage.resize(std::min(usage.size(), kMostTold));
}

}  // namespace weir::worker
