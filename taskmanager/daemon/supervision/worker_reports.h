#pragma once

#include <functional>
#include <set>
#include <string>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/runtime/messages.h"
#include "taskmanager/daemon/supervision/assignment.h"
#include "taskmanager/daemon/supervision/state_usages.h"
#include "taskmanager/daemon/supervision/worker_listener.h"
#include "taskmanager/daemon/supervision/worker_settings.h"

namespace weir::taskmanager {

/// What a worker's process says, frame by frame: decoded, cut to its bounds, held against its
/// assignment, and handed on where it is of its own attempt and its work was sent; and what follows
/// of it about the worker's end.
///
/// Lives as long as its worker. Threads: the strand (the loop's).
class WorkerReports {
 public:
  struct Events {
    std::function<void(const runtime::WorkerHello&)> hello;
    std::function<void()> lease_taken;
    /// It fails: see ownWords().
    std::function<void()> failed;
    std::function<void()> tasks_ended;
    /// It said what no worker may; `unrecoverable`: and would again after a restart.
    std::function<void(const std::string& cause, bool unrecoverable)> broken;
  };

  /// All but the events outlive it.
  WorkerReports(const Assignment& assignment,
                const WorkerSettings& settings,
                WorkerListener& listener,
                Events events)
      : assignment_(assignment),
        settings_(settings),
        listener_(listener),
        events_(std::move(events)) {}

  /// False, after events_.broken, for one that is no message of a worker.
  bool take(const std::string& frame);
  /// It has its work: what it says of that is handed on from now on.
  void open() { open_ = true; }
  /// Nothing more is.
  void close() { open_ = false; }

  /// Whether all of its tasks have ended.
  bool tasksHaveEnded() const { return ended_tasks_.size() >= assignment_.tasks; }
  /// What its keyed states hold.
  const StateUsages& states() const { return states_; }
  /// Whether any has said anything.
  bool tasksReported() const { return tasks_reported_; }
  /// What it said of its failure; empty: nothing.
  const std::string& ownWords() const { return failed_cause_; }
  /// Whether it said that no restart can mend that.
  bool unrecoverable() const { return unrecoverable_; }

 private:
  void take(runtime::WorkerReport report);
  void handOn(runtime::WorkerReport report);
  void handOn(runtime::EncodedAck ack);
  void onUpdate(const runtime::TaskUpdate& update);

  const Assignment& assignment_;  // Borrowed from the worker, like the settings.
  const WorkerSettings& settings_;
  WorkerListener& listener_;
  const Events events_;
  bool open_ = false;
  std::set<runtime::TaskId> ended_tasks_;
  bool tasks_reported_ = false;
  StateUsages states_;
  std::string failed_cause_;
  bool unrecoverable_ = false;
};

}  // namespace weir::taskmanager
