#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/rocksdb/table_manifest.h"
#include "common/runtime/deployment.h"
#include "common/state/shared_tables.h"

namespace weir::worker {

/// Stores the tables of operators in the job's directory of shared files, each once: what the last
/// checkpoint has that completed is only named again.
///
/// Only of this attempt: the first checkpoint of an attempt stores everything, so that none needs
/// files of which another attempt, or another job, decides. Names are never used twice. Lives as
/// long as the worker. Threads: any; the tables of one operator in order of their checkpoints.
class SharedUploads {
 public:
  /// Whose tables they are.
  struct Owner {
    runtime::TaskId task;
    OperatorId id;
    bool operator<(const Owner& other) const {
      return std::tie(task, id) < std::tie(other.task, other.id);
    }
  };

  /// `directory`: of the job's checkpoints. `unique` gives eight hex digits.
  SharedUploads(fs::FileSystem& files,
                std::string directory,
                std::uint64_t attempt,
                std::function<std::string()> unique);

  /// Stores what is not there yet. Errors: kCancelled once `unwanted` is set; those of the file
  /// system. What was stored until then goes with aborted().
  Result<std::vector<rocks::TableManifest::Table>> store(const Owner& owner,
                                                         CheckpointId checkpoint,
                                                         const state::SharedTables& tables,
                                                         const std::atomic<bool>& unwanted);
  /// The job manager has said so. What a later one is known to have stays the newest.
  void completed(CheckpointId checkpoint);
  /// Paths of files that only this checkpoint has: the caller removes them.
  std::vector<std::string> aborted(CheckpointId checkpoint);

 private:
  using Tables = std::map<std::string, rocks::TableManifest::Table>;  // By RocksDB's name.
  /// What one checkpoint has stored or named.
  struct Sent {
    std::map<Owner, Tables> tables;
    std::vector<std::string> paths;  // Stored for it.
  };

  Result<rocks::TableManifest::Table> upload(const Owner& owner,
                                             CheckpointId checkpoint,
                                             const std::string& directory,
                                             const state::SharedTables::Table& table,
                                             const std::atomic<bool>& unwanted);

  fs::FileSystem& files_;  // The worker's.
  const std::string directory_;
  const std::uint64_t attempt_;
  const std::function<std::string()> unique_;
  std::mutex mutex_;
  std::map<Owner, Tables> known_;  // To the last checkpoint that completed: this one.
  CheckpointId completed_;
  std::map<CheckpointId, Sent> sent_;  // With the newest few, not known to be complete.
};

}  // namespace weir::worker
