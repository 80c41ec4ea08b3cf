#pragma once

#include <functional>

#include "common/base/ids.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/ha/leader_store.h"
#include "jobmanager/scheduler/job_restore.h"
#include "jobmanager/scheduler/job_savepoints.h"

namespace weir::jobmanager {

/// How what a job needs no more goes, once it is to end: the store of jobs forgets it first, so
/// that it is not taken up again from what is discarded then; its checkpoints follow, then its
/// marks.
///
/// Lives as long as its job. Threads: the strand.
class JobEnding {
 public:
  /// All but the id outlive it.
  JobEnding(JobId job,
            ha::LeaderStore& store,
            CheckpointCoordinator& coordinator,
            const JobRestore& restore,
            JobSavepoints& savepoints)
      : job_(job),
        store_(store),
        coordinator_(coordinator),
        restore_(restore),
        savepoints_(savepoints) {}

  /// Once. The latest checkpoint stays if `keep_latest`.
  void run(bool keep_latest, std::function<void()> done);

 private:
  void discard(bool keep_latest, std::function<void()> done);

  const JobId job_;
  ha::LeaderStore& store_;
  CheckpointCoordinator& coordinator_;
  const JobRestore& restore_;
  JobSavepoints& savepoints_;
};

}  // namespace weir::jobmanager
