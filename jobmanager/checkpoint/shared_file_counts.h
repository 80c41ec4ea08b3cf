#pragma once

#include <map>
#include <set>
#include <string>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/checkpoint_metadata.h"
#include "jobmanager/checkpoint/file_work.h"

namespace weir::jobmanager {

/// Which files of a job's `shared/` its checkpoints need, and the removal of the others.
///
/// A file is needed by each checkpoint whose metadata names it. What none names goes when the next
/// one but one has completed, as a task may name again what the last one had that it heard of; and
/// only with those whose checkpoint is no newer than the completed one, as tasks store for others
/// meanwhile. So what aborted checkpoints, ended attempts and dead leaders have left goes, too. The
/// newest that shares files counts while there is no newer one, also when savepoints have taken its
/// place: tasks go on from it.
///
/// Rebuilt from the metadata of what a job recovers from when it is taken up again. Lives as long
/// as the job's coordinator. Threads: the strand.
class SharedFileCounts {
 public:
  /// `directory`: of the job's checkpoints; empty when state is on the job manager. The references
  /// outlive this.
  SharedFileCounts(fs::FileSystem& file_system, FileWork& files, std::string directory);

  /// All tasks have acknowledged it: it needs its files until release(). kFailedPrecondition where
  /// it names one that it has not stored and that may be gone.
  Status admit(const runtime::CheckpointMetadata& metadata);
  /// An earlier leader has completed it.
  void resume(const runtime::CheckpointMetadata& metadata);
  /// It is what the job recovers from.
  void completed(CheckpointId id);
  /// It was aborted, or is discarded.
  void release(CheckpointId id);

 private:
  using Names = std::set<std::string>;
  Names needed() const;
  void sweep(CheckpointId last);

  fs::FileSystem& file_system_;  // Borrowed from the dispatcher's owner.
  FileWork& files_;              // Borrowed from the coordinator.
  const std::string directory_;
  std::map<CheckpointId, Names> by_checkpoint_;
  Names before_;         // Needed when it was swept last.
  CheckpointId newest_;  // That has completed and shares files.
  bool newest_released_ = false;
  bool any_ = false;  // Some checkpoint has shared files.
};

}  // namespace weir::jobmanager
