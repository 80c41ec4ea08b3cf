#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/config/resolve.h"
#include "common/runtime/client_messages.h"
#include "common/runtime/deployment.h"
#include "jobmanager/blob/restore_blobs.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/ha/leader_store.h"
#include "jobmanager/resources/resource_manager.h"
#include "jobmanager/savepoint/savepoint_store.h"

namespace weir::jobmanager {

/// What all jobs of a job manager share. Borrowed from the dispatcher, which outlives its jobs.
struct JobServices {
  CheckpointServices common;
  Random& random;
  ResourceManager& resources;
  SavepointStore& savepoints;
  ha::LeaderStore& store;
};

/// How one job is run: the cluster's configuration with the job's own above it.
struct JobOptions {
  config::RestartSettings restart;
  runtime::CheckpointStorage storage;  ///< Its directory is the job's own.
  std::size_t retained_checkpoints = 1;
  CheckpointHistory::Bounds checkpoint_history;
  std::uint64_t metadata_limit = 256 << 20;  ///< Of the metadata file of a checkpoint.
  std::uint64_t event_bytes = 1 << 20;       ///< What the remembered events may hold.
  std::size_t most_removals = 16;  ///< Of checkpoints, outstanding, for the next one to begin.
  std::uint64_t most_inline_restore = blob::kMostInlineRestore;  ///< In bytes of a deployment.
  Duration slot_wait = std::chrono::seconds(10);
  /// How long a leader waits to hear of the attempt of an earlier one; zero: not at all.
  Duration adoption_wait{};
  /// After how long a worker that does not end is given up; its slots stay taken.
  Duration cancel_wait = std::chrono::seconds(60);
  std::vector<std::string> probe_directories;
  std::string machine;
  std::string version;
  std::string holder;  ///< This process, as marks name it; see mark_holder.h.
  /// Of a program that was started by hand: whether any record was processed yet. A job without a
  /// strategy of its own that fails before does not restart, and the program tells how it ended.
  std::function<bool()> has_processed;
  std::map<std::string, std::string> configuration;  ///< Travels with deployments.
};

/// How the checkpoints of a job are taken.
CheckpointCoordinator::Setup checkpointSetup(const JobOptions& options,
                                             const runtime::SubmitRequest& request);

}  // namespace weir::jobmanager
