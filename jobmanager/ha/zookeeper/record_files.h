#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "common/base/random.h"
#include "common/fs/file_system.h"
#include "jobmanager/ha/zookeeper/node_format.h"

namespace weir::ha {

/// The files of records that are too large for ZooKeeper, in a directory that all job managers of
/// the cluster reach. Each is written once, under a name that nobody else gives, and needs no lock.
///
/// Belongs to one thread at a time, but where any may call. Errors name the path.
class RecordFiles {
 public:
  /// `root` is the cluster's in ZooKeeper: files of another one are left alone.
  RecordFiles(fs::FileSystem& files, std::string directory, std::string root, Random& random)
      : files_(files), directory_(std::move(directory)), root_(std::move(root)), random_(random) {}

  const std::string& directory() const { return directory_; }

  /// What a node will hold that points to the record, once it is written under the name there.
  RecordNode name(LeaderEpoch epoch, std::string_view record);
  /// Any thread.
  Status write(const RecordNode& node, std::string_view record) const;
  /// kCorruption when it is not what the node says. Any thread.
  Result<std::string> read(const RecordNode& node) const;
  /// Any thread.
  Status remove(const std::string& name) const;

  /// The greatest epoch that a file is of; zero where there is none.
  Result<LeaderEpoch> newest() const;
  /// Deletes what leaders before `epoch` have left and no node points to: files that are ours by
  /// name and content. Logs what it deletes. Any thread.
  Status sweep(LeaderEpoch epoch, const std::set<std::string>& needed) const;

 private:
  std::string pathOf(const std::string& name) const { return directory_ + "/" + name; }
  bool isOurs(const std::string& name) const;

  fs::FileSystem& files_;  // Borrowed, like the randomness.
  const std::string directory_;
  const std::string root_;
  Random& random_;
};

}  // namespace weir::ha
