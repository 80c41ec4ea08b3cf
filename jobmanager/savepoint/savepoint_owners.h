#pragma once

#include <memory>

#include "common/base/ids.h"
#include "common/runtime/deployment.h"

namespace weir::jobmanager {

/// What disposal must know of jobs that run here.
class SavepointOwners {
 public:
  virtual ~SavepointOwners() = default;
  /// The job that took the savepoint forgets it. True when it still needs the data as its latest
  /// checkpoint, and discards it later.
  virtual bool releaseSavepoint(JobId job, CheckpointId checkpoint) = 0;
  /// Whether a job that has not ended holds this checkpoint as its own.
  virtual bool ownsCheckpoint(JobId job, CheckpointId checkpoint) const = 0;
  virtual bool isRunning(JobId job) const = 0;
  /// Whether the job is being taken up again, so that it is not known yet which it holds.
  virtual bool isReading(JobId job) const = 0;
  /// Of a job that has not ended and has state handles of its own making; else null.
  virtual std::shared_ptr<const runtime::JobProgram> programOf(JobId job) const = 0;
};

}  // namespace weir::jobmanager
