#pragma once

#include <cstdint>
#include <deque>

#include "common/base/ids.h"
#include "common/runtime/client_messages.h"
#include "jobmanager/scheduler/job_listener.h"

namespace weir::jobmanager {

/// The last events of a job, for those who follow it from now on; what is new, a listener is told.
///
/// Remembers at most a thousand, and as many bytes as it is allowed; the newest in any case, as it
/// may be the result. Threads: the strand.
class JobEvents {
 public:
  /// `listener` outlives the events.
  JobEvents(JobId job, std::uint64_t most_bytes, JobListener& listener)
      : job_(job), most_bytes_(most_bytes), listener_(listener) {}

  void add(const runtime::JobEvent& event);
  /// Something changed that is no event, but that views show.
  void changed() { listener_.jobChanged(job_); }
  /// Oldest first.
  const std::deque<runtime::JobEvent>& past() const { return past_; }

 private:
  const JobId job_;
  const std::uint64_t most_bytes_;
  JobListener& listener_;
  std::deque<runtime::JobEvent> past_;
  std::uint64_t bytes_ = 0;  // Of past_.
};

}  // namespace weir::jobmanager
