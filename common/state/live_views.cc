#include "common/state/live_views.h"

#include <algorithm>
#include <utility>

namespace weir::state {

void AnyLiveViews::begin(std::uint32_t epoch) {
  const std::lock_guard lock(mutex_);
  live_.push_back(epoch);
  after_newest_.store(epoch + 1, std::memory_order_relaxed);
}

void AnyLiveViews::end(std::uint32_t epoch) {
  std::vector<AnySegment> unneeded;
  const std::lock_guard lock(mutex_);
  std::erase(live_, epoch);
  const auto kept = std::partition(retired_.begin(), retired_.end(), [this](const Retired& one) {
    return isSeen(one.from, one.until);
  });
  for (auto one = kept; one != retired_.end(); ++one) {
    unneeded.push_back(std::move(one->segment));
  }
  retired_.erase(kept, retired_.end());
  // Release: what this view has read of a segment happened before the column's next write.
  after_newest_.store(live_.empty() ? 0 : live_.back() + 1, std::memory_order_release);
}

void AnyLiveViews::retireAny(AnySegment segment, std::uint32_t from, std::uint32_t until) noexcept {
  const std::lock_guard lock(mutex_);
  if (isSeen(from, until)) {
    retired_.push_back({std::move(segment), from, until});
  }
}

bool AnyLiveViews::isSeen(std::uint32_t from, std::uint32_t until) const {
  return std::any_of(live_.begin(), live_.end(), [&](std::uint32_t epoch) {
    return from <= epoch && epoch < until;
  });
}

}  // namespace weir::state
