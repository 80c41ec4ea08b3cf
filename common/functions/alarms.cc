#include "common/functions/alarms.h"

#include <algorithm>
#include <limits>

namespace weir::functions {

void Alarms::set(Alarm& alarm, std::int64_t time) {
  cancel(alarm);
  set_.push_back({&alarm, time});
}

void Alarms::cancel(const Alarm& alarm) {
  std::erase_if(set_, [&](const Set& one) { return one.alarm == &alarm; });
}

std::int64_t Alarms::next() const {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (const Set& one : set_) {
    least = std::min(least, one.time);
  }
  return least;
}

void Alarms::ring(std::int64_t now) {
  std::vector<Set> due;
  for (const Set& one : set_) {
    if (one.time <= now) {
      due.push_back(one);
    }
  }
  std::ranges::sort(due, {}, &Set::time);
  for (const Set& one : due) {  // What rings may cancel another one, or set it anew.
    const auto found = std::ranges::find(set_, one.alarm, &Set::alarm);
    if (found != set_.end() && found->time == one.time) {
      set_.erase(found);
      one.alarm->ring(now);
    }
  }
}

void ManualTime::advanceTo(std::int64_t time) {
  while (alarms_.next() <= time && alarms_.next() < std::numeric_limits<std::int64_t>::max()) {
    now_ = std::max(now_, alarms_.next());
    alarms_.ring(now_);
  }
  now_ = std::max(now_, time);
}

}  // namespace weir::functions
