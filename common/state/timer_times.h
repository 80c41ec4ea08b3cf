#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/record/serializer.h"

namespace weir::state {

/// A set of times, as a table that is probed linearly. A value. One thread.
class TimeTable {
 public:
  TimeTable() : cells_(kLeast) {}

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return cells_.size(); }
  bool contains(std::int64_t time) const { return cells_[placeOf(time)].used; }
  bool insert(std::int64_t time);
  bool erase(std::int64_t time);
  void appendTo(std::vector<std::int64_t>& all) const;

 private:
  struct Cell {
    std::int64_t time = 0;
    bool used = false;
  };
  static constexpr std::size_t kLeast = 16;

  std::size_t home(std::int64_t time) const {
    const std::uint64_t mixed = static_cast<std::uint64_t>(time) * 0x9E3779B97F4A7C15ULL;
    return (mixed ^ (mixed >> 32)) & (cells_.size() - 1);
  }
  /// Where the time is, or would be.
  std::size_t placeOf(std::int64_t time) const {
    std::size_t at = home(time);
    while (cells_[at].used && cells_[at].time != time) {
      at = (at + 1) & (cells_.size() - 1);
    }
    return at;
  }

  std::vector<Cell> cells_;  // A power of two of them, a quarter free.
  std::size_t size_ = 0;
};

/// The times of all timers that one key has in one domain: a set. A value. Most keys have one or
/// two, which stand in place.
class TimerTimes {
 public:
  TimerTimes() = default;
  TimerTimes(const TimerTimes& other)
      : few_(other.few_),
        count_(other.count_),
        many_(other.many_ ? std::make_unique<TimeTable>(*other.many_) : nullptr) {}
  TimerTimes(TimerTimes&&) noexcept = default;
  TimerTimes& operator=(TimerTimes other) noexcept {
    std::swap(few_, other.few_);
    std::swap(count_, other.count_);
    std::swap(many_, other.many_);
    return *this;
  }
  ~TimerTimes() = default;

  bool empty() const { return count_ == 0 && (many_ == nullptr || many_->size() == 0); }
  std::size_t size() const { return count_ + (many_ == nullptr ? 0 : many_->size()); }
  bool contains(std::int64_t time) const {
    return findFew(time) < count_ || (many_ != nullptr && many_->contains(time));
  }
  /// False where it is there.
  bool insert(std::int64_t time) {
    if (contains(time)) {
      return false;
    }
    if (count_ < kFew) {
      few_[count_++] = time;
      return true;
    }
    if (many_ == nullptr) {
      many_ = std::make_unique<TimeTable>();
    }
    return many_->insert(time);
  }
  /// False where it is not there.
  bool erase(std::int64_t time) {
    const std::uint32_t at = findFew(time);
    if (at < count_) {
      few_[at] = few_[--count_];
      return true;
    }
    return many_ != nullptr && many_->erase(time);
  }
  std::vector<std::int64_t> sorted() const {
    std::vector<std::int64_t> all(few_.begin(), few_.begin() + count_);
    if (many_ != nullptr) {
      many_->appendTo(all);
    }
    std::sort(all.begin(), all.end());
    return all;
  }

 private:
  static constexpr std::uint32_t kFew = 2;

  std::uint32_t findFew(std::int64_t time) const {
    std::uint32_t at = 0;
    while (at < count_ && few_[at] != time) {
      ++at;
    }
    return at;
  }

  std::array<std::int64_t, kFew> few_{};
  std::uint32_t count_ = 0;
  std::unique_ptr<TimeTable> many_;  // Null until there are more than a few.
};

}  // namespace weir::state

/// As a list, in order of time.
template <>
struct weir::record::Codec<weir::state::TimerTimes> {
  using Times = std::vector<std::int64_t>;
  using Parts = Types<std::int64_t>;
  static constexpr bool kSupported = true;
  static void write(const state::TimerTimes& times, Writer& to) {
    Codec<Times>::write(times.sorted(), to);
  }
  static state::TimerTimes read(Reader& from) {
    state::TimerTimes times;
    for (const std::int64_t time : Codec<Times>::read(from)) {
      times.insert(time);
    }
    return times;
  }
  static Schema schema(const TypePath* path) { return Codec<Times>::schema(path); }
};
