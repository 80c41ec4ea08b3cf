#include "jobmanager/dispatcher/dispatcher_options.h"

#include <algorithm>
#include <utility>

#include "common/config/limit_options.h"
#include "common/config/options.h"
#include "common/fs/file_system.h"
#include "common/snapshot/mark_holder.h"

namespace weir::jobmanager {
namespace {

std::chrono::milliseconds millis(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration);
}

/// What a job that asks for nothing gets when the cluster checkpoints by default.
void applyDefaults(const config::Configuration& configuration, graph::SharedGraph& graph) {
  const Duration interval = configuration.get(config::kCheckpointInterval);
  if (graph->checkpoints.enabled || interval <= Duration::zero()) {
    return;
  }
  graph::CheckpointSettings settings = graph->checkpoints;
  settings.enabled = true;
  settings.interval = millis(interval);
  settings.mode = configuration.get(config::kCheckpointMode) == "AT_LEAST_ONCE"
                      ? graph::CheckpointingMode::kAtLeastOnce
                      : graph::CheckpointingMode::kExactlyOnce;
  settings.timeout = millis(configuration.get(config::kCheckpointTimeout));
  settings.min_pause = millis(configuration.get(config::kCheckpointMinPause));
  settings.max_concurrent =
      static_cast<std::uint32_t>(configuration.get(config::kCheckpointMaxConcurrent));
  graph.change([&](graph::JobGraph& own) { own.checkpoints = settings; });
}

}  // namespace

Result<DispatcherOptions> DispatcherOptions::from(const config::Configuration& configuration,
                                                  config::Warnings& warnings) {
  DispatcherOptions options;
  options.configuration = configuration;
  WEIR_TRY(auto savepoints, config::resolveSavepointStorage(configuration, warnings));
  options.savepoints.on_files = savepoints.storage == config::Storage::kFileSystem;
  options.savepoints.directory = savepoints.directory;
  options.savepoints.heap_limit = configuration.get(config::kSavepointMaxSize).bytes;
  options.savepoints.inline_limit = configuration.get(config::kMemoryThreshold).bytes;
  options.savepoints.metadata_limit = configuration.get(config::kMaxMetadataSize).bytes;
  options.limits = JobLimits::from(configuration);
  options.savepoints.holder = snapshot::ownHolder();
  options.savepoints.is_gone = snapshot::isHolderGone;
  WEIR_TRY(auto heartbeat, config::resolveHeartbeat(configuration));
  options.heartbeat_timeout = heartbeat.timeout;
  options.slot_wait = configuration.get(config::kAskTimeout);
  // One that is silent for longer is lost, as ever.
  options.adoption_wait = std::min(heartbeat.timeout, configuration.get(config::kAdoptionTimeout));
  options.history = static_cast<std::size_t>(configuration.get(config::kWebHistory));
  options.files.patience = configuration.get(config::kFilesTimeout);
  return options;
}

Status DispatcherOptions::keepJobs(config::Warnings& warnings) {
  keeps_jobs = true;
  savepoints.holder = snapshot::ownHolder(/*jobs_go_on=*/true);
  WEIR_TRY(const auto checkpoints, config::resolveCheckpointStorage(configuration));
  const std::string begin = "recovery.mode: " + configuration.text(config::kRecoveryMode) +
                            " keeps jobs for the next job manager, but ";
  if (checkpoints.storage == config::Storage::kJobManager) {
    warnings.push_back(begin +
                       "checkpoints are in the memory of this one, and a job that has completed "
                       "one fails with it; set state.backend: filesystem");
  }
  if (!savepoints.on_files) {
    warnings.push_back(begin +
                       "savepoints are in the memory of this one and end with it; set "
                       "savepoints.state.backend: filesystem");
  }
  return ok();
}

Result<JobOptions> optionsOf(const DispatcherOptions& cluster,
                             const fs::FileSystem& files,
                             runtime::SubmitRequest& request) {
  WEIR_TRY(auto own, config::Configuration::fromMap(request.program.configuration));
  config::Configuration configuration = cluster.configuration.overlaidWith(own);
  if (!request.graph->state_backend.empty()) {
    WEIR_RETURN_IF_ERROR(configuration.set(
        config::kStateBackend.key, request.graph->state_backend, "the program's setStateBackend"));
  }
  WEIR_TRY(auto storage, config::resolveCheckpointStorage(configuration));
  applyDefaults(configuration, request.graph);
  JobOptions options;
  options.restart = config::resolveRestart(configuration);
  options.storage.inline_threshold = configuration.get(config::kMemoryThreshold).bytes;
  if (storage.storage == config::Storage::kFileSystem) {
    options.storage.kind = runtime::CheckpointStorage::Kind::kFileSystem;
    WEIR_TRY(const fs::Location directory, files.locate(storage.directory));
    options.storage.directory = directory.child(request.job.hex()).uri();
    options.probe_directories.push_back(storage.directory);
  }
  if (cluster.savepoints.on_files) {
    options.probe_directories.push_back(cluster.savepoints.directory);
  }
  if (!cluster.probe_directories || !request.graph->checkpoints.enabled) {
    options.probe_directories.clear();
  }
  options.retained_checkpoints =
      static_cast<std::size_t>(configuration.get(config::kRetainedCheckpoints));
  options.checkpoint_history = {
      .checkpoints = static_cast<std::size_t>(configuration.get(config::kWebCheckpointHistory)),
      .subtasks = static_cast<std::size_t>(configuration.get(config::kTimelineSubtasks))};
  options.metadata_limit = cluster.savepoints.metadata_limit;
  options.event_bytes = cluster.configuration.get(config::kMaxEventBytes).bytes;
  options.most_removals = static_cast<std::size_t>(configuration.get(config::kMaxPendingRemovals));
  options.most_inline_restore = cluster.most_inline_restore;
  options.slot_wait = cluster.slot_wait;
  options.adoption_wait = cluster.adoption_wait;
  options.cancel_wait =
      configuration.get(config::kTaskCancellationTimeout) + std::chrono::seconds(10);
  options.machine = cluster.machine;
  options.holder = cluster.savepoints.holder;
  options.version = cluster.version;
  options.has_processed = cluster.has_processed;
  options.configuration = configuration.toMap();
  return options;
}

}  // namespace weir::jobmanager
