#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/runtime/messages.h"

namespace weir::taskmanager {

/// What the tasks of each attempt on this task manager have come to, for a job manager that takes
/// over from the one that was told: it hears all of it again.
///
/// Attempts that have ended are remembered for a while, as who was told may have died before it had
/// stored what follows. Pure logic, with times of nanosSinceBoot(); belongs to one thread.
class AttemptLedger {
 public:
  struct Entry {
    std::map<runtime::TaskId, runtime::TaskUpdate> tasks;  ///< The sum of what each has said.
    std::optional<runtime::WorkerExited> exited;
    std::int64_t ended_at = 0;
  };

  /// For how long ended attempts are remembered; zero: nothing is remembered at all.
  void setMemory(Duration memory);

  /// Its worker is started: what the job's earlier attempts have come to is known by now.
  void begin(const runtime::ExecutionId& execution);
  void note(const runtime::TaskUpdate& update);
  /// Its worker is reaped.
  void end(const runtime::WorkerExited& exited, std::int64_t now);
  void forget(const runtime::ExecutionId& execution) { entries_.erase(execution); }
  /// The job has ended, and its end is stored.
  void forgetEnded(JobId job);

  const std::map<runtime::ExecutionId, Entry>& entries() const { return entries_; }

 private:
  static constexpr std::size_t kMostEnded = 200;

  void forgetOld(std::int64_t now);

  Duration memory_{};
  std::map<runtime::ExecutionId, Entry> entries_;
};

}  // namespace weir::taskmanager
