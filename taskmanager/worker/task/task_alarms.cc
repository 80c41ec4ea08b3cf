#include "taskmanager/worker/task/task_alarms.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace weir::worker {

namespace {

constexpr std::int64_t kLongestMillis = 1000;

}  // namespace

void TaskAlarms::set(functions::Alarm& alarm, std::int64_t time) {
  alarms_.set(alarm, time);
  plan();
}

/// A millisecond is over when the next one has begun: what belongs to it may still come before.
void TaskAlarms::ring() {
  alarms_.ring(now() - 1);
  plan();
}

void TaskAlarms::plan() {
  const std::int64_t next = alarms_.next();
  if (next == std::numeric_limits<std::int64_t>::max()) {
    next_ = SteadyTime::max();
    return;
  }
  const std::int64_t now_millis = now();
  const std::int64_t wait =
      next < now_millis
          ? 0
          : std::min(kLongestMillis, next - std::max<std::int64_t>(now_millis, 0) + 1);
  next_ = clock_.now() + std::chrono::milliseconds(wait);
}

}  // namespace weir::worker
