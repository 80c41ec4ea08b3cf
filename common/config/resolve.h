#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/config/configuration.h"

/// Rules that take more than one option.
namespace weir::config {

/// Where snapshots go.
enum class Storage : std::uint8_t { kJobManager, kFileSystem };

struct StorageChoice {
  Storage storage = Storage::kJobManager;
  std::string directory;  ///< As configured, /dir or scheme:/dir; empty on the job manager.
};

/// Of checkpoints. kInvalidArgument for `filesystem` without a directory, or a directory that is no
/// absolute path of a file system that this build has.
Result<StorageChoice> resolveCheckpointStorage(const Configuration& configuration);

/// Whether keyed state lies in RocksDB, below what fits in memory.
bool keepsStateInRocksDb(const Configuration& configuration);

/// Of savepoints: `filesystem` without a directory falls back to the job manager, with a warning.
Result<StorageChoice> resolveSavepointStorage(const Configuration& configuration,
                                              Warnings& warnings);

/// Where the journal of recovery.mode: filesystem lies; empty for other modes. kInvalidArgument
/// without a directory, or for one that is no local path.
Result<std::string> resolveRecovery(const Configuration& configuration);

/// Whether jobs outlive their job manager, so that those who lose it wait for the next one.
bool jobsOutliveJobManager(const Configuration& configuration);

/// recovery.mode: zookeeper.
bool usesZooKeeper(const Configuration& configuration);

/// recovery.zookeeper.storageDir as it is configured. kInvalidArgument without one, or for one that
/// is no absolute path of a file system that this build has.
Result<std::string> resolveZooKeeperStorage(const Configuration& configuration);

/// The ports that a job manager tries to listen on, in this order; 0: any that is free. Never
/// empty. kInvalidArgument for a list that is none.
Result<std::vector<int>> resolveJobManagerPorts(const Configuration& configuration);

struct Heartbeat {
  Duration interval{};
  Duration timeout{};
};
/// From heartbeat.*, else Flink 1.0's akka.watch.heartbeat.*, else 2 s and 10 s. kInvalidArgument
/// when the time-out is not longer than the interval.
Result<Heartbeat> resolveHeartbeat(const Configuration& configuration);

/// How a failed job that names no strategy itself is restarted.
struct RestartSettings {
  enum class Kind : std::uint8_t {
    /// Not configured: exponential delay, with the values below, for a job that checkpoints, else
    /// none.
    kUnset,
    kNone,
    kFixedDelay,
    kFailureRate,
    kExponentialDelay,
  };
  Kind kind = Kind::kUnset;
  std::int64_t attempts = 0;  ///< Fixed delay.
  Duration delay{};           ///< Fixed delay and failure rate.
  std::int64_t max_failures = 0;
  Duration interval{};
  Duration initial_backoff{};
  Duration max_backoff{};
  double multiplier = 2.0;
  Duration reset_threshold{};
  double jitter = 0;
};
RestartSettings resolveRestart(const Configuration& configuration);

/// $TMPDIR or /tmp unless taskmanager.tmp.dirs says otherwise; never empty.
std::vector<std::string> resolveTmpDirs(const Configuration& configuration);

/// What must hold before a job manager starts, beyond single values.
Status checkJobManager(const Configuration& configuration);
/// The same for a task manager.
Status checkTaskManager(const Configuration& configuration);

}  // namespace weir::config
