#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace weir::state {

/// The frozen views of one column that are still read, and the segments that only they need. With
/// it a freeze touches no segment, however many there are: an epoch says which views see one.
///
/// A column counts epochs, one per freeze; the view that ends epoch e sees the segments that were
/// the column's own in e or before, and were not replaced until then. Shared by column and views.
/// Threads: the column's, except for end().
template <typename Segment>
class LiveViews {
 public:
  LiveViews() = default;
  LiveViews(const LiveViews&) = delete;
  LiveViews& operator=(const LiveViews&) = delete;

  /// A view of `epoch` begins, the newest.
  void begin(std::uint32_t epoch) {
    const std::lock_guard lock(mutex_);
    live_.push_back(epoch);
    after_newest_.store(epoch + 1, std::memory_order_relaxed);
  }
  /// It has ended, on any thread: segments that no other needs are destroyed there.
  void end(std::uint32_t epoch) {
    std::vector<std::unique_ptr<Segment>> unneeded;
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
  /// Whether a view sees what has been the column's own since `epoch`.
  bool see(std::uint32_t epoch) const {
    return after_newest_.load(std::memory_order_acquire) > epoch;
  }
  /// Keeps what was the column's own since epoch `from`, and is no part of it from `until` on, for
  /// as long as a view sees it.
  void retire(std::unique_ptr<Segment> segment, std::uint32_t from, std::uint32_t until) noexcept {
    const std::lock_guard lock(mutex_);
    if (isSeen(from, until)) {
      retired_.push_back({std::move(segment), from, until});
    }
  }

 private:
  struct Retired {
    std::unique_ptr<Segment> segment;
    std::uint32_t from;
    std::uint32_t until;
  };

  bool isSeen(std::uint32_t from, std::uint32_t until) const {
    return std::any_of(live_.begin(), live_.end(), [&](std::uint32_t epoch) {
      return from <= epoch && epoch < until;
    });
  }

  std::mutex mutex_;
  std::vector<std::uint32_t> live_;  // Ascending.
  std::vector<Retired> retired_;
  std::atomic<std::uint32_t> after_newest_{0};  // 0: no view is read.
};

}  // namespace weir::state
