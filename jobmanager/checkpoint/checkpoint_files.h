#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "jobmanager/checkpoint/file_work.h"

namespace weir::jobmanager {

/// Removes files and directories of the checkpoints of one job, in their queue of file work.
///
/// Single files of a checkpoint, as they come late one by one, are removed many at a time, and its
/// directory is looked at only when they may have been the last in it: what a checkpoint of many
/// tasks leaves behind costs no more than its files. Files that cannot be removed are told in the
/// log, and stay. Lives as long as the job's coordinator. Threads: the strand.
class CheckpointFiles {
 public:
  struct Setup {
    JobId job;
    std::string directory;  ///< Of the job's checkpoints; empty when state is on the job manager.
    std::uint64_t metadata_limit = 256 << 20;  ///< Of the metadata file of a snapshot that is read.
  };

  /// The references outlive this. `ended` is called whenever a removal has ended.
  CheckpointFiles(fs::FileSystem& file_system,
                  FileWork& files,
                  Setup setup,
                  std::function<void()> ended);

  /// Empty when state is on the job manager; then nothing is ever removed.
  std::string directoryOf(CheckpointId id) const;

  /// Removes files of one checkpoint, and its directory once nothing else is in it.
  void remove(CheckpointId id, const std::vector<std::string>& names);
  /// Removes the directory of a checkpoint with the files `names`, the metadata, and all that is
  /// named like a task's file. `done` when that was tried.
  void removeDirectory(
      const std::string& directory,
      std::vector<std::string> names,
      std::function<void()> done = [] {});
  /// The job has ended: removes every directory of a checkpoint but those of `kept`, and the job's
  /// own when there are none of these. Where the job was taken up again, `resumed`, what a
  /// savepoint may point to stays too.
  void sweep(const std::set<CheckpointId>& kept, bool resumed);

  /// Removals that have not ended.
  std::size_t outstanding() const { return outstanding_; }

 private:
  /// Single files of one checkpoint.
  struct Batch {
    std::vector<std::string> waiting;  ///< Until those before them are removed.
    bool removing = false;
    std::size_t left = 0;  ///< Files that were in the directory at least, beside those removed.
  };

  void removeWaiting(CheckpointId id);
  void removed(CheckpointId id, bool looked, const Result<std::size_t>& left);
  void ended();

  fs::FileSystem& file_system_;  // Borrowed from the dispatcher's owner.
  FileWork& files_;              // Borrowed from the coordinator.
  const Setup setup_;
  const std::function<void()> ended_;
  std::map<CheckpointId, Batch> batches_;  // Of those whose directories may stand.
  std::size_t outstanding_ = 0;
};

}  // namespace weir::jobmanager
