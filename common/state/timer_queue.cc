#include "common/state/timer_queue.h"

#include <algorithm>

namespace weir::state {

namespace {

bool isLater(const TimerQueue::Entry& a, const TimerQueue::Entry& b) { return a.time > b.time; }

}  // namespace

void TimerQueue::addLate(const Entry& entry) {
  late_.push_back(entry);
  std::push_heap(late_.begin(), late_.end(), isLater);
}

bool TimerQueue::popLate(std::int64_t until, Entry& into) {
  const bool take_due =
      next_ < due_.size() && (late_.empty() || due_[next_].time <= late_.front().time);
  const Entry& first = take_due ? due_[next_] : late_.front();
  if (first.time > until) {
    return false;
  }
  into = first;
  --size_;
  if (take_due) {
    ++next_;
  } else {
    std::pop_heap(late_.begin(), late_.end(), isLater);
    late_.pop_back();
  }
  return true;
}

bool TimerQueue::turn(std::int64_t until) {
  if (levels_ == 0) {
    return false;
  }
  const auto level = static_cast<unsigned>(std::countr_zero(levels_));
  const auto digit = static_cast<unsigned>(std::countr_zero(filled_[level]));
  Bucket& bucket = buckets_[level * kDigits + digit];
  if (bucket.least > until) {
    return false;
  }
  stands_ = unsignedOf(bucket.least);
  due_.clear();
  next_ = 0;
  filled_[level] &= static_cast<std::uint16_t>(~(1U << digit));
  if (filled_[level] == 0) {
    levels_ &= static_cast<std::uint16_t>(~(1U << level));
  }
  const std::int64_t least = bucket.least;
  bucket.least = std::numeric_limits<std::int64_t>::max();
  moving_.clear();
  std::swap(moving_, bucket.entries);
  for (const Entry& one : moving_) {
    if (one.time == least) {
      due_.push_back(one);
    } else {
      place(one);
    }
  }
  return true;
}

std::int64_t TimerQueue::earliest() const {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  if (next_ < due_.size()) {
    least = due_[next_].time;
  }
  if (!late_.empty()) {
    least = std::min(least, late_.front().time);
  }
  if (least == std::numeric_limits<std::int64_t>::max() && levels_ != 0) {
    const auto level = static_cast<unsigned>(std::countr_zero(levels_));
    const auto digit = static_cast<unsigned>(std::countr_zero(filled_[level]));
    least = buckets_[level * kDigits + digit].least;
  }
  return least;
}

std::vector<TimerQueue::Entry> TimerQueue::takeAll() {
  std::vector<Entry> all(due_.begin() + static_cast<std::ptrdiff_t>(next_), due_.end());
  all.insert(all.end(), late_.begin(), late_.end());
  for (Bucket& bucket : buckets_) {
    all.insert(all.end(), bucket.entries.begin(), bucket.entries.end());
    bucket = Bucket{};
  }
  filled_ = {};
  levels_ = 0;
  due_.clear();
  late_.clear();
  next_ = 0;
  size_ = 0;
  return all;
}

}  // namespace weir::state
