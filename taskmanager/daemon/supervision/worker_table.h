#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "common/base/ids.h"
#include "common/base/unique_fd.h"
#include "common/runtime/job_state.h"
#include "taskmanager/daemon/slots/slot_table.h"
#include "taskmanager/daemon/supervision/data_port.h"
#include "taskmanager/daemon/supervision/orphans.h"
#include "taskmanager/daemon/supervision/supervised_worker.h"
#include "taskmanager/daemon/supervision/work_directory.h"

namespace weir::taskmanager {

/// The workers of this task manager by their attempts, with the slots that each holds: found for
/// orders and peers, told all together, watched, and forgotten when they have ended.
///
/// Lives as long as the task manager's strand; the strand (the loop's).
class WorkerTable {
 public:
  /// All of it outlives the table.
  WorkerTable(const WorkerLaunch::Environment& environment,
              WorkDirectory& directory,
              const WorkerSettings& settings,
              WorkerListener& listener,
              std::uint32_t slots);

  bool empty() const { return workers_.empty(); }
  std::size_t size() const { return workers_.size(); }
  const SlotTable& slots() const { return slots_; }
  /// nullptr when there is none of this attempt.
  SupervisedWorker* find(const runtime::ExecutionId& execution) const;

  /// Makes the worker of this work, which is to be started, and gives it its slots, of which a
  /// discard takes none. An error, and nothing is kept, when there are not enough, or when there is
  /// no directory for it: kIo, and none can be started any more.
  Result<SupervisedWorker*> add(Work work);
  /// It has ended; what it left behind is killed at the next look().
  void remove(const runtime::ExecutionId& execution);

  void forEach(const std::function<void(SupervisedWorker&)>& call) const;
  /// Holds the reports of all of them back, also of those to come, or takes them again.
  void setHeld(bool held);
  /// Until when they may act, also those to come, of nanosSinceBoot().
  void renewLeases(std::int64_t until);

  /// Looks at their memory, and for what ended workers have left behind.
  void look();
  /// Finds the worker that a connection is meant for, and hands the descriptor over.
  PeerRouting route(const worker::DataHello& hello, UniqueFd& socket) const;

 private:
  Orphans::Questions questions() const;

  const WorkerLaunch::Environment environment_;
  WorkDirectory& directory_;  // Borrowed from the task manager, like the next two.
  const WorkerSettings& settings_;
  WorkerListener& listener_;
  SlotTable slots_;
  std::map<runtime::ExecutionId, std::unique_ptr<SupervisedWorker>> workers_;
  Orphans orphans_;
  bool held_ = false;
  std::int64_t lease_until_ = 0;
};

/// The attempt that work is of.
const runtime::ExecutionId& executionOf(const Work& work);

}  // namespace weir::taskmanager
