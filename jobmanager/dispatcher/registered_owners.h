#pragma once

#include <memory>

#include "jobmanager/dispatcher/job_registry.h"
#include "jobmanager/savepoint/savepoint_owners.h"

namespace weir::jobmanager {

/// What the store of savepoints asks of the jobs that took them, or start from them. Threads: the
/// strand.
class RegisteredOwners final : public SavepointOwners {
 public:
  /// It outlives the owners, and may be made after them.
  explicit RegisteredOwners(JobRegistry& jobs) : jobs_(jobs) {}

  bool releaseSavepoint(JobId job, CheckpointId checkpoint) override {
    JobMaster* master = jobs_.find(job);
    return master != nullptr && master->checkpoints().releaseSavepoint(checkpoint);
  }
  bool ownsCheckpoint(JobId job, CheckpointId checkpoint) const override {
    JobMaster* master = jobs_.find(job);
    return master != nullptr && master->checkpoints().owns(checkpoint);
  }
  bool isRunning(JobId job) const override { return jobs_.find(job) != nullptr; }
  bool isReading(JobId job) const override {
    const JobMaster* master = jobs_.find(job);
    return master != nullptr && master->reading();
  }
  std::shared_ptr<const runtime::JobProgram> programOf(JobId job) const override {
    JobMaster* master = jobs_.find(job);
    return master == nullptr ? nullptr : master->checkpoints().program();
  }

 private:
  JobRegistry& jobs_;  // Borrowed from the dispatcher.
};

}  // namespace weir::jobmanager
