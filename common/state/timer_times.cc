#include "common/state/timer_times.h"

#include <utility>

namespace weir::state {

bool TimeTable::insert(std::int64_t time) {
  const std::size_t at = placeOf(time);
  if (cells_[at].used) {
    return false;
  }
  cells_[at] = {time, true};
  if (++size_ > cells_.size() / 4 * 3) {
    std::vector<Cell> before(cells_.size() * 2);
    std::swap(before, cells_);
    for (const Cell& one : before) {
      if (one.used) {
        cells_[placeOf(one.time)] = one;
      }
    }
  }
  return true;
}

bool TimeTable::erase(std::int64_t time) {
  std::size_t hole = placeOf(time);
  if (!cells_[hole].used) {
    return false;
  }
  const std::size_t mask = cells_.size() - 1;
  // What stands behind the hole moves up unless that takes it in front of its home: Knuth, 6.4 R.
  for (std::size_t at = (hole + 1) & mask; cells_[at].used; at = (at + 1) & mask) {
    const std::size_t wanted = home(cells_[at].time);
    if (((at - wanted) & mask) >= ((at - hole) & mask)) {
      cells_[hole] = cells_[at];
      hole = at;
    }
  }
  cells_[hole].used = false;
  --size_;
  return true;
}

void TimeTable::appendTo(std::vector<std::int64_t>& all) const {
  for (const Cell& one : cells_) {
    if (one.used) {
      all.push_back(one.time);
    }
  }
}

}  // namespace weir::state
