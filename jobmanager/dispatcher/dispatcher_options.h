#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "common/base/result.h"
#include "common/base/version.h"
#include "common/config/configuration.h"
#include "jobmanager/dispatcher/job_limits.h"
#include "jobmanager/savepoint/savepoint_store.h"
#include "jobmanager/scheduler/job_options.h"

namespace weir::jobmanager {

/// How a job manager runs, as its configuration says.
struct DispatcherOptions {
  config::Configuration configuration;
  SavepointStore::Settings savepoints;
  JobLimits limits;  ///< Of every job.
  Duration heartbeat_timeout = std::chrono::seconds(10);
  Duration slot_wait = std::chrono::seconds(10);
  /// How long task managers may take to tell what runs of an earlier leader's jobs.
  Duration adoption_wait{};
  std::size_t history = 5;  ///< Ended jobs that views and lists show.
  std::string machine;      ///< As Registration::machine_id says it; empty: unknown.
  std::string version{releaseVersion()};
  bool probe_directories = true;
  bool keeps_jobs = false;  ///< The store outlives the process: at a stop, jobs are the next one's.
  std::uint64_t most_inline_restore = blob::kMostInlineRestore;  ///< As in JobOptions.
  FileWork::Bounds files;                                        ///< Of every queue of file work.
  std::function<bool()> has_processed;                           ///< As in JobOptions.

  /// kInvalidArgument for options that contradict one another; `warnings` are for the log.
  static Result<DispatcherOptions> from(const config::Configuration& configuration,
                                        config::Warnings& warnings);
  /// The store outlives the process. Warns of what does not: state in its memory.
  Status keepJobs(config::Warnings& warnings);
};

/// How one job runs: the cluster's options with the job's own above them. Changes the graph where
/// it leaves things to the configuration (checkpoint interval and what goes with it). An error for
/// a directory of checkpoints that is none of `files`.
Result<JobOptions> optionsOf(const DispatcherOptions& cluster,
                             const fs::FileSystem& files,
                             runtime::SubmitRequest& request);

}  // namespace weir::jobmanager
