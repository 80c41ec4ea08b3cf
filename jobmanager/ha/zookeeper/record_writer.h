#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "jobmanager/ha/zookeeper/parallel_files.h"
#include "jobmanager/ha/zookeeper/record_files.h"

namespace weir::ha {

/// Reads files of records, writes them side by side, and removes those that no node points to any
/// more. One that hangs is waited for only so long, and costs its own record alone. Belongs to one
/// thread at a time, which waits.
class RecordWriter {
 public:
  using Nodes = std::map<std::string, RecordNode>;  ///< By the names of their records.

  /// The files are borrowed.
  RecordWriter(RecordFiles& files,
               Duration patience,
               concurrency::Executor& io,
               std::function<void()> goes_on)
      : files_(files), work_(files.directory(), patience, io, std::move(goes_on)) {}

  /// Adds to `nodes` what points to the records by their names; why, of those that are not written.
  std::map<std::string, Error> write(LeaderEpoch epoch,
                                     const std::map<std::string, std::string_view>& records,
                                     Nodes& nodes);
  /// What the node points to; as RecordFiles::read(), and kUnavailable for a file that hangs.
  Result<std::string> read(const RecordNode& node);
  /// As RecordFiles::newest(), and kUnavailable where that hangs.
  Result<LeaderEpoch> newest();
  /// As RecordFiles::sweep(). What takes longer than the patience goes on beside all else.
  void sweep(LeaderEpoch epoch, const std::set<std::string>& needed);
  /// No node points to the file any more.
  void unneeded(const std::string& file) { unneeded_.push_back(file); }
  /// What cannot be removed stays until the next leader sweeps.
  void removeUnneeded();

 private:
  RecordFiles& files_;
  ParallelFiles work_;
  std::vector<std::string> unneeded_;
};

}  // namespace weir::ha
