#pragma once

#include <cstdint>
#include <memory>
#include <set>

#include "common/base/ids.h"
#include "common/runtime/adoption.h"
#include "common/runtime/messages.h"
#include "taskmanager/daemon/supervision/attempt_ledger.h"
#include "taskmanager/daemon/supervision/io_loop.h"
#include "taskmanager/daemon/supervision/job_manager_link.h"
#include "taskmanager/daemon/supervision/report_queue.h"
#include "taskmanager/daemon/supervision/worker_table.h"

namespace weir::taskmanager {

/// The time between the loss of a job manager and the word of the next one on each attempt that
/// runs here: it adopts it, or gives it up.
///
/// What runs goes on meanwhile, for as long as the lost one has allowed. The next one is told
/// first what has become of every task. One that is no newer than the lost one has given us up, and
/// has no say. Lives as long as the task manager's strand; the strand (the loop's).
class LeaderGap {
 public:
  /// All of it outlives the gap.
  LeaderGap(IoLoop& loop, JobManagerLink& link, ReportQueue& reports, WorkerTable& workers)
      : loop_(loop), link_(link), reports_(reports), workers_(workers) {}

  AttemptLedger& ledger() { return ledger_; }

  /// The session of these terms was lost. False when nothing is kept for the next leader.
  bool begin(const SessionTerms& lost);
  /// A session begins. Tells all that is kept, where its leader may adopt it; false when it may
  /// not, and what was kept has to end.
  bool sessionBegins(const SessionTerms& terms);
  /// The leader has decided on this attempt: its worker goes on, or is killed.
  void adopt(const runtime::ExecutionId& execution);
  void giveUp(const runtime::ExecutionId& execution);
  /// Nothing is kept any more, and every worker is killed.
  void killAll();
  /// What is told with the next registration has changed.
  void announce();

  bool isOpen() const { return !undecided_.empty(); }
  bool holds(const runtime::ExecutionId& execution) const { return undecided_.contains(execution); }
  /// Until when what is kept may act, of nanosSinceBoot().
  std::int64_t until() const { return until_; }

 private:
  void tell(const runtime::ExecutionId& execution);
  void decided(const runtime::ExecutionId& execution);
  void drop();
  void kill(const runtime::ExecutionId& execution);
  void expire();

  IoLoop& loop_;
  JobManagerLink& link_;
  ReportQueue& reports_;
  WorkerTable& workers_;
  AttemptLedger ledger_;
  LeaderEpoch epoch_;  // Of the newest leader that was obeyed.
  std::set<runtime::ExecutionId> undecided_;
  std::int64_t until_ = 0;
  std::unique_ptr<IoLoop::Timer> deadline_;
};

}  // namespace weir::taskmanager
