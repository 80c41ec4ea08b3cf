#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "common/base/result.h"
#include "common/runtime/client_messages.h"
#include "jobmanager/scheduler/job_view.h"

namespace weir::jobmanager {

/// A job that has ended, or was refused.
struct EndedJob {
  JobView view;
  std::deque<runtime::JobEvent> events;
  std::optional<Result<runtime::SubmitReply>> accepted;

  /// It never ran: its savepoint did not fit, or it was cancelled before.
  bool refused() const { return accepted && !accepted->has_value(); }
};

/// The jobs that have ended: remembers the last hundred, and shows the last few that ran and as
/// many that were refused. Threads: the strand.
class JobArchive {
 public:
  /// How many jobs ended how, over the life of the job manager.
  struct Counts {
    std::uint64_t finished = 0;
    std::uint64_t cancelled = 0;
    std::uint64_t failed = 0;
  };

  explicit JobArchive(std::size_t shown) : shown_(shown) {}

  void add(EndedJob job);
  const EndedJob* find(JobId job) const;
  /// Newest first.
  std::vector<const EndedJob*> shown() const;
  const Counts& counts() const { return counts_; }

 private:
  const std::size_t shown_;
  std::deque<EndedJob> jobs_;  // Newest first.
  Counts counts_;
};

}  // namespace weir::jobmanager
