#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "common/functions/processing_time.h"

namespace weir::functions {

/// Why an operator takes no input.
struct Hold {
  std::string full;         ///< What is full, as in "queue of 100 unanswered requests".
  std::int64_t millis = 0;  ///< For how long.
};

/// Since when something has been full. That it has room for a moment only is no end of that. The
/// operator's thread.
class Fullness {
 public:
  void note(bool full, const ProcessingTime& time) {
    if (full == full_) {
      return;
    }
    full_ = full;
    const std::int64_t now = time.now();
    if (!full) {
      room_since_ = now;
    } else if (!wasFull(now)) {
      since_ = now;
    }
  }
  /// For how many milliseconds; nothing: there is room.
  std::optional<std::int64_t> lasts(const ProcessingTime& time) const {
    if (!full_ && !room_since_) {
      return std::nullopt;
    }
    const std::int64_t now = time.now();
    return full_ || wasFull(now) ? std::optional(now - since_) : std::nullopt;
  }

 private:
  static constexpr std::int64_t kMoment = 100;  // In milliseconds.

  bool wasFull(std::int64_t now) const { return room_since_ && now - *room_since_ <= kMoment; }

  bool full_ = false;
  std::int64_t since_ = 0;
  std::optional<std::int64_t> room_since_;  // When it had been full before.
};

}  // namespace weir::functions
