#include "common/config/resolve.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>

#include "common/config/file_system_options.h"
#include "common/config/options.h"
#include "common/config/value.h"
#include "common/config/zookeeper_options.h"

namespace weir::config {

namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// "key 'x' (file:3)", for messages about what was set.
std::string named(const Configuration& configuration, const OptionInfo& option) {
  return "key '" + std::string(option.key) + "' (" + configuration.describe(option).source + ")";
}

std::string knownSchemes() {
  std::string text;
  for (const std::string_view scheme : kSchemes) {
    text += (text.empty() ? "" : ", ") + std::string(scheme) + ":";
  }
  return text;
}

/// The directory of an option when it is one that this version can reach.
Result<std::string> directoryOf(const Configuration& configuration,
                                const Option<std::string>& option) {
  std::string directory = configuration.get(option);
  const std::size_t colon = directory.find(':');
  const bool has_scheme = colon != std::string::npos && colon < directory.find('/');
  const std::string scheme = has_scheme ? directory.substr(0, colon) : "file";
  std::string problem;
  if (std::ranges::find(kSchemes, scheme) == kSchemes.end()) {
    problem = "' has the scheme '" + scheme + "', but only " + knownSchemes() + " are supported";
  } else if (directory.find('/') != (has_scheme ? colon + 1 : 0)) {
    problem = "' is not absolute";
  } else {
    return directory;
  }
  return Error(ErrorCode::kInvalidArgument,
               named(configuration, option) + ": '" + directory + problem)
      .advise("write /dir, file:/dir, hdfs://host:port/dir or s3://bucket/dir");
}

bool wantsFiles(const Configuration& configuration) {
  const std::string backend = lower(configuration.get(kStateBackend));
  const bool names_no_storage = backend == "hashmap" || backend == "rocksdb";
  if (configuration.isSet(kStateBackend) && !names_no_storage) {
    return backend == "filesystem";
  }
  if (configuration.isSet(kCheckpointStorage)) {
    return configuration.get(kCheckpointStorage) == "filesystem";
  }
  return names_no_storage && configuration.isSet(kCheckpointDirectory);
}

RestartSettings fixedDelay(std::int64_t attempts, Duration delay) {
  RestartSettings settings;
  settings.kind = RestartSettings::Kind::kFixedDelay;
  settings.attempts = attempts;
  settings.delay = delay;
  return settings;
}

Duration firstOf(const Configuration& configuration,
                 const Option<Duration>& option,
                 const Option<Duration>& older) {
  const bool use_older = !configuration.isSet(option) && configuration.isSet(older);
  return configuration.get(use_older ? older : option);
}

RestartSettings failureRate(const Configuration& configuration) {
  RestartSettings settings;
  settings.kind = RestartSettings::Kind::kFailureRate;
  settings.max_failures = configuration.get(kFailureRateMax);
  settings.interval = configuration.get(kFailureRateInterval);
  settings.delay = configuration.get(kFailureRateDelay);
  return settings;
}

RestartSettings exponentialDelay(const Configuration& configuration) {
  RestartSettings settings;
  settings.kind = RestartSettings::Kind::kExponentialDelay;
  settings.initial_backoff = configuration.get(kExponentialInitial);
  settings.max_backoff = configuration.get(kExponentialMax);
  settings.multiplier = configuration.get(kExponentialMultiplier);
  settings.reset_threshold = configuration.get(kExponentialReset);
  settings.jitter = configuration.get(kExponentialJitter);
  return settings;
}

}  // namespace

Result<StorageChoice> resolveCheckpointStorage(const Configuration& configuration) {
  if (!wantsFiles(configuration)) {
    return StorageChoice{};
  }
  if (!configuration.isSet(kCheckpointDirectory)) {
    const OptionInfo& asked = lower(configuration.get(kStateBackend)) == "filesystem"
                                  ? static_cast<const OptionInfo&>(kStateBackend)
                                  : kCheckpointStorage;
    return Error(ErrorCode::kInvalidArgument,
                 named(configuration, asked) + ": 'filesystem' needs a directory, and '" +
                     std::string(kCheckpointDirectory.key) + "' is not set")
        .advise("set it to a directory that all machines share, as file:/dir");
  }
  WEIR_TRY(auto directory, directoryOf(configuration, kCheckpointDirectory));
  return StorageChoice{Storage::kFileSystem, std::move(directory)};
}

bool keepsStateInRocksDb(const Configuration& configuration) {
  return lower(configuration.get(kStateBackend)) == "rocksdb";
}

Result<StorageChoice> resolveSavepointStorage(const Configuration& configuration,
                                              Warnings& warnings) {
  if (configuration.get(kSavepointBackend) != "filesystem") {
    return StorageChoice{};
  }
  if (!configuration.isSet(kSavepointDirectory)) {
    warnings.push_back(named(configuration, kSavepointBackend) +
                       ": 'filesystem' needs a directory, and '" +
                       std::string(kSavepointDirectory.key) +
                       "' is not set; savepoints fall back to 'jobmanager': they live in memory "
                       "and are lost with the job manager");
    return StorageChoice{};
  }
  WEIR_TRY(auto directory, directoryOf(configuration, kSavepointDirectory));
  return StorageChoice{Storage::kFileSystem, std::move(directory)};
}

Result<Heartbeat> resolveHeartbeat(const Configuration& configuration) {
  Heartbeat heartbeat{firstOf(configuration, kHeartbeatInterval, kAkkaWatchInterval),
                      firstOf(configuration, kHeartbeatTimeout, kAkkaWatchPause)};
  const bool timeout_set =
      configuration.isSet(kHeartbeatTimeout) || configuration.isSet(kAkkaWatchPause);
  const bool interval_set =
      configuration.isSet(kHeartbeatInterval) || configuration.isSet(kAkkaWatchInterval);
  constexpr int kMissed = 4;  // As many as the defaults allow for, and the one that is late.
  if (!timeout_set && heartbeat.interval < Duration::max() / kMissed) {
    heartbeat.timeout = std::max(heartbeat.timeout, heartbeat.interval * kMissed);
  }
  if (!interval_set) {
    heartbeat.interval = std::min(heartbeat.interval, heartbeat.timeout / kMissed);
  }
  if (heartbeat.timeout <= heartbeat.interval) {
    return Error(ErrorCode::kInvalidArgument,
                 "a peer is lost after " + formatDuration(heartbeat.timeout) +
                     " of silence, but speaks only every " + formatDuration(heartbeat.interval))
        .advise("make heartbeat.timeout a multiple of heartbeat.interval");
  }
  return heartbeat;
}

RestartSettings resolveRestart(const Configuration& configuration) {
  const std::string strategy = lower(configuration.get(kRestartStrategy));
  if (strategy == "fixed-delay" || strategy == "fixeddelay") {
    return fixedDelay(configuration.get(kFixedDelayAttempts),
                      firstOf(configuration, kFixedDelayDelay, kAkkaWatchInterval));
  }
  if (strategy == "failure-rate" || strategy == "failurerate") {
    return failureRate(configuration);
  }
  if (strategy == "exponential-delay" || strategy == "exponentialdelay") {
    return exponentialDelay(configuration);
  }
  if (const auto retries = configuration.get(kExecutionRetries);
      retries > 0 && (strategy.empty() || strategy == "none")) {
    return fixedDelay(retries, firstOf(configuration, kExecutionRetriesDelay, kAkkaWatchPause));
  }
  RestartSettings settings = exponentialDelay(configuration);
  settings.kind = strategy.empty() ? RestartSettings::Kind::kUnset : RestartSettings::Kind::kNone;
  return settings;
}

std::vector<std::string> resolveTmpDirs(const Configuration& configuration) {
  std::vector<std::string> directories = configuration.get(kTmpDirs);
  if (directories.empty()) {
    const char* variable = std::getenv("TMPDIR");
    directories.emplace_back(variable != nullptr && *variable != '\0' ? variable : "/tmp");
  }
  return directories;
}

Result<std::string> resolveRecovery(const Configuration& configuration) {
  if (lower(configuration.get(kRecoveryMode)) != "filesystem") {
    return std::string();
  }
  if (configuration.get(kRecoveryDirectory).empty()) {
    return Error(ErrorCode::kInvalidArgument,
                 named(configuration, kRecoveryMode) + ": '" + configuration.text(kRecoveryMode) +
                     "' needs " + std::string(kRecoveryDirectory.key) +
                     ", the directory of its journal");
  }
  WEIR_TRY(auto directory, directoryOf(configuration, kRecoveryDirectory));
  if (!directory.starts_with('/') && !directory.starts_with("file:")) {
    return Error(ErrorCode::kInvalidArgument,
                 named(configuration, kRecoveryDirectory) + ": '" + directory +
                     "' is no directory of this machine: a journal needs locks, and to be added to")
        .advise(
            "write /dir or file:/dir, on a file server with locks where several job managers "
            "share it; checkpoints and savepoints may lie elsewhere");
  }
  return directory;
}

bool jobsOutliveJobManager(const Configuration& configuration) {
  const std::string mode = lower(configuration.get(kRecoveryMode));
  return mode == "filesystem" || mode == "zookeeper";
}

bool usesZooKeeper(const Configuration& configuration) {
  return lower(configuration.get(kRecoveryMode)) == "zookeeper";
}

Result<std::string> resolveZooKeeperStorage(const Configuration& configuration) {
  if (configuration.get(kZooKeeperStorage).empty()) {
    return Error(ErrorCode::kInvalidArgument,
                 named(configuration, kRecoveryMode) + ": '" + configuration.text(kRecoveryMode) +
                     "' needs " + std::string(kZooKeeperStorage.key) +
                     ", the directory of what is too large for ZooKeeper")
        .advise("name a directory that every job manager of the cluster reaches");
  }
  return directoryOf(configuration, kZooKeeperStorage);
}

namespace {

/// 0 to 65535; -1 for anything else.
int portOf(std::string_view text) {
  int port = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && port >= 0 && port <= 65535 ? port : -1;
}

}  // namespace

Result<std::vector<int>> resolveJobManagerPorts(const Configuration& configuration) {
  const auto own = static_cast<int>(configuration.get(kJobManagerRpcPort));
  if (!usesZooKeeper(configuration)) {
    return std::vector<int>{own};
  }
  std::string text = configuration.get(kRecoveryPort);
  std::erase(text, ' ');
  if (text.empty()) {
    return std::vector<int>{own, 0};
  }
  std::vector<int> ports;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find(',', from), text.size());
    const std::string_view part = std::string_view(text).substr(from, end - from);
    const std::size_t dash = part.find('-');
    const int first = portOf(part.substr(0, dash));
    const int last = dash == std::string_view::npos ? first : portOf(part.substr(dash + 1));
    if (first < 0 || last < first || (dash != std::string_view::npos && first == 0)) {
      return Error(ErrorCode::kInvalidArgument,
                   named(configuration, kRecoveryPort) + ": '" + text + "' has '" +
                       std::string(part) + "' where a port belongs")
          .advise("write ports and ranges such as 50000-50025,50100, or 0 for any");
    }
    for (int port = first; port <= last; ++port) {
      ports.push_back(port);
    }
    from = end + 1;
  }
  return ports;
}

Status checkJobManager(const Configuration& configuration) {
  Warnings ignored;
  WEIR_RETURN_IF_ERROR(resolveRecovery(configuration));
  if (usesZooKeeper(configuration)) {
    WEIR_RETURN_IF_ERROR(resolveZooKeeperStorage(configuration));
  }
  WEIR_RETURN_IF_ERROR(resolveJobManagerPorts(configuration));
  WEIR_RETURN_IF_ERROR(resolveCheckpointStorage(configuration));
  WEIR_RETURN_IF_ERROR(resolveSavepointStorage(configuration, ignored));
  WEIR_RETURN_IF_ERROR(resolveHeartbeat(configuration));
  if (configuration.get(kExponentialMax) < configuration.get(kExponentialInitial)) {
    return Error(ErrorCode::kInvalidArgument,
                 named(configuration, kExponentialMax) + ": '" +
                     configuration.text(kExponentialMax) + "' is less than " +
                     std::string(kExponentialInitial.key) + ", " +
                     configuration.text(kExponentialInitial));
  }
  return ok();
}

Status checkTaskManager(const Configuration& configuration) {
  WEIR_RETURN_IF_ERROR(resolveHeartbeat(configuration));
  for (const std::string& directory : resolveTmpDirs(configuration)) {
    if (!directory.starts_with('/')) {
      return Error(ErrorCode::kInvalidArgument,
                   named(configuration, kTmpDirs) + ": '" + directory + "' is not absolute");
    }
  }
  return ok();
}

}  // namespace weir::config
