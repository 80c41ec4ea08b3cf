#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "common/base/clock.h"

namespace weir::worker {

/// How much one sender has on its way to one receiver: bytes to a buffer and buffers in flight.
///
/// Pure logic. Starts small, doubles while full buffers find room at once, and shrinks when room
/// took long to come, so that at most about kDrainGoal worth of data stands before a barrier.
/// Belongs to the sender's thread.
class FlowWindow {
 public:
  static constexpr std::chrono::milliseconds kDrainGoal{80};
  static constexpr std::size_t kLeastBytes = 128;
  static constexpr std::size_t kFirstBytes = 1024;
  static constexpr std::uint32_t kFirstWindow = 2;

  FlowWindow(std::size_t most_bytes, std::uint32_t most_window)
      : most_bytes_(most_bytes),
        most_window_(most_window),
        target_bytes_(std::min(kFirstBytes, most_bytes)),
        window_(std::min(kFirstWindow, most_window)) {}

  /// Size at which a buffer is to be sent.
  std::size_t targetBytes() const { return target_bytes_; }
  /// How many data buffers may be under way at once.
  std::uint32_t window() const { return window_; }
  /// A full channel wakes its sender when no more than this many are left.
  static std::uint32_t wakeAt(std::uint32_t window) { return window / 2; }

  /// No room was found at `now`; only the first call since the last buffer counts.
  void blocked(SteadyTime now) {
    if (blocked_since_ == SteadyTime{}) {
      blocked_since_ = now;
    }
  }
  bool isBlocked() const { return blocked_since_ != SteadyTime{}; }

  /// A buffer of `bytes` went off without waiting, behind `in_flight` others.
  void sentAtOnce(std::size_t bytes, std::uint32_t in_flight) {
    if (in_flight == 0 && 2 * bytes >= target_bytes_) {
      grow();
    }
  }
  /// A buffer went off at `now` after blocked().
  void sentAfterWait(SteadyTime now) {
    const auto drained = std::max<std::uint32_t>(1, window_ - wakeAt(window_));
    const auto whole = (now - blocked_since_) / drained * window_;  // Time to drain the window.
    blocked_since_ = SteadyTime{};
    if (whole > kDrainGoal) {
      shrink(whole);
    } else if (whole < kDrainGoal / 4) {
      grow();
    }
  }

 private:
  void grow() {
    target_bytes_ = std::min(most_bytes_, target_bytes_ * 2);
    window_ = std::min(most_window_, window_ + 1);
  }
  void shrink(Duration whole) {
    const auto excess = static_cast<std::size_t>(whole / kDrainGoal) + 1;
    const std::size_t wanted = target_bytes_ / std::min<std::size_t>(excess, 8);
    if (wanted < kLeastBytes) {
      window_ = std::max<std::uint32_t>(1, window_ / 2);
    }
    target_bytes_ = std::max(std::min(kLeastBytes, most_bytes_), wanted);
  }

  const std::size_t most_bytes_;
  const std::uint32_t most_window_;
  std::size_t target_bytes_;
  std::uint32_t window_;
  SteadyTime blocked_since_{};
};

}  // namespace weir::worker
