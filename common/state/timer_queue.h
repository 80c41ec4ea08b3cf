#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace weir::state {

/// Timers in order of time; equal times in the order in which they came. One thread.
///
/// A wheel of sixteen levels of sixteen buckets, after the digits of a time: a timer stands on the
/// level of the first digit in which it differs from where the wheel stands, and moves down as the
/// wheel comes near, a few times in its life, in runs. That is a radix heap (Ahuja, Mehlhorn,
/// Orlin, Tarjan: Faster Algorithms for the Shortest Path Problem, 1990) with digits for bits.
class TimerQueue {
 public:
  struct Entry {
    std::int64_t time = 0;
    std::uint32_t id = 0;
  };

  std::size_t size() const { return size_; }

  void push(std::int64_t time, std::uint32_t id) {
    ++size_;
    if (unsignedOf(time) <= stands_) [[unlikely]] {
      return addLate({time, id});
    }
    place({time, id});
  }
  /// Takes the first one out, if its time is not after `until`.
  bool pop(std::int64_t until, Entry& into) {
    while (true) {
      if (next_ < due_.size() && late_.empty()) [[likely]] {
        if (due_[next_].time > until) {
          return false;
        }
        into = due_[next_++];
        --size_;
        return true;
      }
      if (next_ < due_.size() || !late_.empty()) {
        return popLate(until, into);
      }
      if (!turn(until)) {
        return false;
      }
    }
  }
  /// The time of the first one; INT64_MAX where there is none.
  std::int64_t earliest() const;
  /// Empties the queue into a list in no order.
  std::vector<Entry> takeAll();

 private:
  static constexpr unsigned kBits = 4;
  static constexpr unsigned kDigits = 1U << kBits;
  static constexpr unsigned kLevels = 64 / kBits;
  struct Bucket {
    std::vector<Entry> entries;
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
  };

  /// In the same order, from 0.
  static std::uint64_t unsignedOf(std::int64_t time) {
    return static_cast<std::uint64_t>(time) ^ (std::uint64_t{1} << 63);
  }
  void place(const Entry& entry) {
    const std::uint64_t at = unsignedOf(entry.time);
    const auto level = static_cast<unsigned>(63 - std::countl_zero(at ^ stands_)) / kBits;
    const auto digit = static_cast<unsigned>(at >> (level * kBits)) % kDigits;
    Bucket& bucket = buckets_[level * kDigits + digit];
    bucket.entries.push_back(entry);
    bucket.least = entry.time < bucket.least ? entry.time : bucket.least;
    filled_[level] |= static_cast<std::uint16_t>(1U << digit);
    levels_ |= static_cast<std::uint16_t>(1U << level);
  }
  void addLate(const Entry& entry);
  bool popLate(std::int64_t until, Entry& into);
  /// Moves on to the first times in the wheel, if they are not after `until`; nothing is due.
  bool turn(std::int64_t until);

  std::array<Bucket, kLevels * kDigits> buckets_;
  std::array<std::uint16_t, kLevels> filled_{};  // Buckets with entries, a bit each.
  std::uint16_t levels_ = 0;                     // Levels with such.
  std::uint64_t stands_ = 0;                     // All in the wheel are after it.
  std::vector<Entry> due_;                       // Of where it stands.
  std::size_t next_ = 0;                         // Of them.
  std::vector<Entry> late_;  // A heap: came when the wheel had passed their time.
  std::vector<Entry> moving_;
  std::size_t size_ = 0;
};

}  // namespace weir::state
