#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "common/config/limit_options.h"
#include "common/config/options.h"
#include "common/config/worker_options.h"

namespace weir::config {

const std::vector<Area>& allAreas() {
  static const std::vector<Area> areas = {
      {"Job manager",
       {&kJobManagerRpcAddress,
        &kJobManagerRpcPort,
        &kJobManagerBindHost,
        &kWebPort,
        &kWebAddress,
        &kWebBindAddress,
        &kFilesTimeout,
        &kFilesThreads,
        &kFilesUserThreads,
        &kWebHistory,
        &kWebRefreshInterval,
        &kWebCheckpointHistory,
        &kWebLogPath,
        &kMaxSubtasks,
        &kMaxGraphSize,
        &kMaxNameSize,
        &kMaxMetadataSize,
        &kMaxEventBytes}},
      {"Task managers",
       {&kTaskSlots,
        &kTaskManagerHost,
        &kTaskManagerBindHost,
        &kTaskManagerRpcPort,
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
        &kWorkerKeepFailedDirectories,
        &kWorkerOutputMaxSize,
        &kWorkerOutputFiles,
        &kWorkerOutputQueue}},
      {"Jobs",
       {&kParallelismDefault,
        &kMaxParallelism,
        &kBufferTimeout,
        &kProgramTimeout,
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
        &kRetainedCheckpoints,
        &kMaxPendingRemovals}},
      {"Savepoints", {&kSavepointBackend, &kSavepointDirectory, &kSavepointMaxSize}},
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
      {"Recovery of the job manager", {&kRecoveryMode, &kRecoveryDirectory}},
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
       {&kLogLevel, &kLogFile, &kLogMax, &kLogDir, &kPidDir, &kSshOpts, &kStrict}},
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

/// How many letters to insert, delete, replace or swap with the next (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(above.begin(), above.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
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
  std::ranges::sort(known);  // Among equals the first by name, on every machine.
  return std::string(*std::ranges::min_element(
      known, {}, [&](std::string_view name) { return distance(key, name); }));
}

}  // namespace weir::config
