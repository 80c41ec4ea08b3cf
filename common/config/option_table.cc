#include <algorithm>
#include <unordered_map>
#include <utility>

#include "common/base/nearest.h"
#include "common/config/command_options.h"
#include "common/config/file_system_options.h"
#include "common/config/limit_options.h"
#include "common/config/options.h"
#include "common/config/worker_options.h"
#include "common/config/zookeeper_options.h"

namespace weir::config {

const std::vector<Area>& allAreas() {
  static const std::vector<Area> areas = {
      {"Job manager",
       {&kJobManagerRpcAddress, &kJobManagerRpcPort, &kJobManagerBindHost, &kWebPort,
        &kWebAddress,           &kWebBindAddress,    &kWebAllowedHosts,    &kFilesTimeout,
        &kFilesThreads,         &kFilesUserThreads,  &kWebHistory,         &kWebRefreshInterval,
        &kWebCheckpointHistory, &kMaxSubtasks,       &kMaxGraphSize,       &kMaxNameSize,
        &kMaxMetadataSize,      &kMaxState,          &kStateUploadLease,   &kMaxEventBytes,
        &kTimelineSubtasks}},
      {"Task managers",
       {&kTaskSlots,
        &kTaskManagerHost,
        &kTaskManagerBindHost,
        &kTaskManagerDataPort,
        &kTmpDirs,
        &kSlotMemory,
        &kTaskCancellationTimeout,
        &kMaxRegistrationDuration,
        &kNetworkBuffers,
        &kSegmentSize}},
      {"Workers",
       {&kWorkerMaxText,
        &kWorkerMaxAccumulators,
        &kWorkerCoreLimit,
        &kWorkerCgroups,
        &kWorkerKeepFailedDirectories,
        &kWorkerOutputMaxSize,
        &kWorkerOutputFiles,
        &kWorkerOutputQueue}},
      {"Jobs",
       {&kParallelismDefault,
        &kMaxParallelism,
        &kBufferTimeout,
        &kProgramTimeout,
        &kCheckTimeout,
        &kCheckMemory,
        &kMaxDeploymentSize}},
      {"State and checkpoints",
       {&kStateBackend,
        &kCheckpointDirectory,
        &kCheckpointStorage,
        &kMemoryThreshold,
        &kCheckpointInterval,
        &kCheckpointMode,
        &kCheckpointTimeout,
        &kCheckpointMinPause,
        &kCheckpointMaxConcurrent,
        &kUnalignedCheckpoints,
        &kAlignedCheckpointTimeout,
        &kRetainedCheckpoints,
        &kMaxPendingRemovals}},
      {"State in RocksDB",
       {&kRocksCache,
        &kIncremental,
        &kRocksBlockCache,
        &kRocksWriteBuffer,
        &kRocksWriteBuffers,
        &kRocksThreads,
        &kRocksFilterBits,
        &kRocksCompression,
        &kRocksLibrary}},
      {"Savepoints", {&kSavepointBackend, &kSavepointDirectory, &kSavepointMaxSize}},
      {"Remote file systems",
       {&kHadoopConfiguration,
        &kHdfsUser,
        &kS3Endpoint,
        &kS3Region,
        &kS3AccessKey,
        &kS3SecretKey,
        &kS3SessionToken,
        &kS3PathStyle,
        &kTransferParts,
        &kTransferMemory,
        &kTransferConnectTimeout,
        &kTransferIdleTimeout,
        &kTransferRetries}},
      {"Restarts",
       {&kRestartStrategy,
        &kFixedDelayAttempts,
        &kFixedDelayDelay,
        &kFailureRateMax,
        &kFailureRateInterval,
        &kFailureRateDelay,
        &kExponentialInitial,
        &kExponentialMax,
        &kExponentialMultiplier,
        &kExponentialReset,
        &kExponentialJitter,
        &kExecutionRetries,
        &kExecutionRetriesDelay}},
      {"Upgrades of jobs", {&kUpgradeTimeout, &kUpgradeRestarts}},
      {"Recovery of the job manager",
       {&kRecoveryMode,
        &kRecoveryDirectory,
        &kRecoveryMaxWaiting,
        &kRecoveryMaxGarbage,
        &kAdoptionTimeout,
        &kClientFailover}},
      {"Recovery with ZooKeeper",
       {&kZooKeeperQuorum,
        &kZooKeeperStorage,
        &kZooKeeperRoot,
        &kZooKeeperNamespace,
        &kZooKeeperLatch,
        &kZooKeeperLeader,
        &kZooKeeperJobs,
        &kZooKeeperCheckpoints,
        &kZooKeeperSessionTimeout,
        &kZooKeeperConnectionTimeout,
        &kZooKeeperRetryWait,
        &kZooKeeperRetries,
        &kRecoveryPort}},
      {"Time-outs between processes",
       {&kHeartbeatInterval,
        &kHeartbeatTimeout,
        &kAkkaWatchInterval,
        &kAkkaWatchPause,
        &kAskTimeout,
        &kClientTimeout,
        &kLookupTimeout}},
      {"Bounds on peers",
       {&kRpcMaxConnections,
        &kRpcMaxCallsPerConnection,
        &kRpcMaxCalls,
        &kRpcMaxMessage,
        &kRpcMaxMemory,
        &kRpcSilence,
        &kRpcIdle,
        &kWebMaxConnections,
        &kWebRequestTimeout,
        &kDataMaxPending,
        &kDataPendingTimeout}},
      {"Programs on the way",
       {&kBlobDirectory,
        &kBlobFetchRetries,
        &kBlobConcurrent,
        &kBlobIdle,
        &kBlobLeastRate,
        &kBlobCleanupInterval}},
      {"Logs, scripts and this file",
       {&kLogLevel, &kLogFile, &kLogMax, &kLogMaxSize, &kLogDir, &kPidDir, &kSshOpts, &kStrict}},
  };
  return areas;
}

namespace {

using Index = std::unordered_map<std::string_view, const OptionInfo*>;

Index buildIndex() {
  Index index;
  for (const Area& area : allAreas()) {
    for (const OptionInfo* option : area.options) {
      index.emplace(option->key, option);
      for (const std::string_view alias : option->aliases) {
        if (!alias.empty()) {
          index.emplace(alias, option);
        }
      }
    }
  }
  return index;
}

const Index& index() {
  static const Index instance = buildIndex();
  return instance;
}

}  // namespace

const OptionInfo* findOption(std::string_view key) {
  const auto found = index().find(key);
  return found == index().end() ? nullptr : found->second;
}

std::string_view whyIgnored(std::string_view key) {
  for (const IgnoredKey& ignored : allIgnoredKeys()) {
    const bool prefix = ignored.key.ends_with('*');
    if (prefix ? key.starts_with(ignored.key.substr(0, ignored.key.size() - 1))
               : key == ignored.key) {
      return ignored.reason;
    }
  }
  return {};
}

std::string nearestKey(std::string_view key) {
  std::vector<std::string_view> known;
  for (const auto& [name, option] : index()) {
    known.push_back(name);
  }
  for (const IgnoredKey& ignored : allIgnoredKeys()) {
    if (!ignored.key.ends_with('*')) {
      known.push_back(ignored.key);
    }
  }
  if (const std::string_view alike = similar(key, known); !alike.empty()) {
    return std::string(alike);
  }
  // A mistyped part: "savepiont" means the keys with "savepoints" in them.
  std::vector<std::string_view> parts;
  for (const std::string_view name : known) {
    for (std::size_t from = 0; from <= name.size();) {
      const std::size_t dot = std::min(name.find('.', from), name.size());
      parts.push_back(name.substr(from, dot - from));
      from = dot + 1;
    }
  }
  const std::string_view part = similar(key, std::move(parts));
  return part.empty() ? std::string() : std::string(nearest(part, std::move(known)));
}

}  // namespace weir::config
