#pragma once

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
class AnyLiveViews {
 public:
  AnyLiveViews() = default;
  AnyLiveViews(const AnyLiveViews&) = delete;
  AnyLiveViews& operator=(const AnyLiveViews&) = delete;

  /// A view of `epoch` begins, the newest.
  void begin(std::uint32_t epoch);
  /// It has ended, on any thread: segments that no other needs are destroyed there.
  void end(std::uint32_t epoch);
  /// Whether a view sees what has been the column's own since `epoch`.
  bool see(std::uint32_t epoch) const {
    return after_newest_.load(std::memory_order_acquire) > epoch;
  }

 protected:
  using AnySegment = std::unique_ptr<void, void (*)(void*)>;

  /// As LiveViews::retire().
  void retireAny(AnySegment segment, std::uint32_t from, std::uint32_t until) noexcept;

 private:
  struct Retired {
    AnySegment segment;
    std::uint32_t from;
    std::uint32_t until;
  };

  bool isSeen(std::uint32_t from, std::uint32_t until) const;

  std::mutex mutex_;
  std::vector<std::uint32_t> live_;  // Ascending.
  std::vector<Retired> retired_;
  std::atomic<std::uint32_t> after_newest_{0};  // 0: no view is read.
};

/// The same of segments of one type.
template <typename Segment>
class LiveViews : public AnyLiveViews {
 public:
  /// Keeps what was the column's own since epoch `from`, and is no part of it from `until` on, for
  /// as long as a view sees it.
  void retire(std::unique_ptr<Segment> segment, std::uint32_t from, std::uint32_t until) noexcept {
    retireAny(
        {segment.release(), [](void* one) { delete static_cast<Segment*>(one); }}, from, until);
  }
};

}  // namespace weir::state
