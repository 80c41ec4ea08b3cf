#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>

namespace weir {

/// The milliseconds from `start` up to but not including `end`.
struct TimeWindow {
  std::int64_t start = 0;
  std::int64_t end = 0;

  /// The last millisecond in it, and the timestamp of its results.
  std::int64_t maxTimestamp() const { return end - 1; }
  std::int64_t getStart() const { return start; }
  std::int64_t getEnd() const { return end; }
  /// Windows that touch count: a session ends where the next one would begin.
  bool intersects(const TimeWindow& other) const {
    return start <= other.end && end >= other.start;
  }
  /// The least window that has both in it.
  TimeWindow cover(const TimeWindow& other) const {
    return {start < other.start ? start : other.start, end > other.end ? end : other.end};
  }
  auto operator<=>(const TimeWindow&) const = default;
};

/// The one window of all time.
struct GlobalWindow {
  std::int64_t maxTimestamp() const { return std::numeric_limits<std::int64_t>::max(); }
  auto operator<=>(const GlobalWindow&) const = default;
};

namespace windows {

/// The sum, or what is nearest to it.
constexpr std::int64_t plus(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) {
    return a < 0 ? std::numeric_limits<std::int64_t>::min()
                 : std::numeric_limits<std::int64_t>::max();
  }
  return sum;
}

/// In [0, modulus), also for negative numbers.
constexpr std::int64_t modulo(std::int64_t number, std::int64_t modulus) {
  const std::int64_t rest = number % modulus;
  return rest < 0 ? rest + modulus : rest;
}

/// How far `timestamp` lies behind the last multiple of `length` that is shifted by `offset`.
constexpr std::int64_t intoWindow(std::int64_t timestamp,
                                  std::int64_t offset,
                                  std::int64_t length) {
  return modulo(modulo(timestamp, length) - modulo(offset, length), length);
}

/// The start of the window of this length that has `timestamp` in it, where windows begin at
/// multiples of the length shifted by `offset`.
constexpr std::int64_t windowStart(std::int64_t timestamp,
                                   std::int64_t offset,
                                   std::int64_t length) {
  return plus(timestamp, -intoWindow(timestamp, offset, length));
}

/// The window of this length that began `behind` before `timestamp`; of what would lie outside of
/// all time the part inside.
constexpr TimeWindow windowAround(std::int64_t timestamp,
                                  std::int64_t behind,
                                  std::int64_t length) {
  return {plus(timestamp, -behind), plus(timestamp, length - behind)};
}

/// Whether windows of W may become one.
template <typename W>
concept Mergeable = requires(const W& a, const W& b) {
  { a.intersects(b) } -> std::same_as<bool>;
  { a.cover(b) } -> std::same_as<W>;
};

}  // namespace windows

}  // namespace weir
