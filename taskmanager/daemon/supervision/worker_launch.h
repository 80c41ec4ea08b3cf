#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/ids.h"
#include "taskmanager/daemon/supervision/assignment.h"
#include "taskmanager/daemon/supervision/attempt_directory.h"
#include "taskmanager/daemon/supervision/launched_worker.h"
#include "taskmanager/daemon/supervision/work.h"
#include "taskmanager/daemon/supervision/worker_cgroups.h"
#include "taskmanager/daemon/supervision/worker_settings.h"

namespace weir::taskmanager {

/// The way from an order to a worker's process: the directory of the attempt is filled, a control
/// group made where there are any, and the launcher started.
///
/// Lives as long as its worker, and the directory with it. Threads: the strand (the loop's).
class WorkerLaunch {
 public:
  struct Environment {
    AttemptDirectory::Environment preparation;
    WorkerCgroups* groups = nullptr;  // Borrowed likewise. None: children are found by descent.
  };
  /// One of the two follows start(), once, unless it was given up.
  struct Outcome {
    /// The process, and the work with the files that its state is in now.
    std::function<void(std::unique_ptr<LaunchedWorker>, Work)> started;
    /// The cause of the attempt's end, and whether no restart can mend it.
    std::function<void(std::string cause, bool unrecoverable)> failed;
  };

  /// `settings` and `assignment` outlive it; the directory at `path` is made for the attempt and
  /// deleted after it.
  WorkerLaunch(const Environment& environment,
               const WorkerSettings& settings,
               const Assignment& assignment,
               std::string path);

  void start(Work work, LaunchedWorker::Events events, Outcome outcome);
  /// No process is started from now on.
  void giveUp() { given_up_ = true; }

  AttemptDirectory& directory() { return directory_; }

 private:
  void spawn(LaunchSpec spec, Work work, LaunchedWorker::Events events, const Outcome& outcome);
  std::unique_ptr<WorkerCgroup> makeGroup();
  std::string job() const { return assignment_.execution.job.hex(); }

  const Environment environment_;
  const WorkerSettings& settings_;  // Borrowed from the worker, like the assignment.
  const Assignment& assignment_;
  bool given_up_ = false;
  AttemptDirectory directory_;
};

}  // namespace weir::taskmanager
