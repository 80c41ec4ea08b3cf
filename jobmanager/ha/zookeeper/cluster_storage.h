#pragma once

#include <string>

#include "common/base/ids.h"
#include "common/base/random.h"
#include "common/fs/file_system.h"
#include "common/fs/location.h"
#include "jobmanager/ha/awaited_files.h"
#include "jobmanager/ha/zookeeper/blocking_client.h"

namespace weir::ha {

/// What of `recovery.zookeeper.storageDir` is a cluster's own.
struct ClusterStorage {
  fs::Location directory;  ///< Nobody else's: the cluster's id is in its name.
  /// No epoch up to this one is to be given again: files of another cluster of the same root, or
  /// of this one before ZooKeeper lost its nodes, are of it. Zero where `/term` stands.
  LeaderEpoch founded_after;
};

/// Makes the directory of this cluster, which is readable for its owner alone on a local file
/// system. The cluster's id is a random one that its first leader writes into ZooKeeper: clusters
/// that share a directory and a root, each with servers of its own, do not meet.
///
/// Files and randomness outlive the executor of `wait`. Errors: kInvalidArgument for a node that is
/// none of Weir's, kUnavailable for storage that hangs, else those of session and files.
Result<ClusterStorage> openClusterStorage(BlockingClient& client,
                                          fs::FileSystem& files,
                                          const fs::Location& storage,
                                          Random& random,
                                          const FileWait& wait);

}  // namespace weir::ha
