#pragma once

#include <cstdint>
#include <functional>

#include "common/base/clock.h"
#include "common/concurrency/executor.h"
#include "common/fs/file_system.h"
#include "common/runtime/messages.h"
#include "taskmanager/daemon/blobcache/blob_cache.h"
#include "taskmanager/daemon/supervision/io_loop.h"
#include "taskmanager/daemon/supervision/job_manager_link.h"
#include "taskmanager/daemon/supervision/work_directory.h"
#include "taskmanager/daemon/supervision/worker_cgroups.h"
#include "taskmanager/daemon/supervision/worker_settings.h"

/// What a task manager's core is made with.
namespace weir::taskmanager {

struct CoreSettings {
  WorkerSettings worker;
  runtime::Registration registration;               ///< Without what changes: free memory.
  Duration stop_grace = std::chrono::seconds(5);    ///< For workers when the task manager stops.
  Duration memory_check = std::chrono::seconds(1);  ///< How often memory is looked at.
  Duration unused_blobs = std::chrono::hours(1);    ///< How long they stay cached.
};

struct CoreEnvironment {
  IoLoop& loop;                   // All borrowed from the daemon.
  concurrency::Executor& pool;    // Runs what may block side by side, like the next.
  concurrency::Executor& probes;  // Of directories that users named: they may hang.
  WorkDirectory& directory;
  BlobCache& cache;
  BlobTransport& transport;
  fs::FileSystem& files;
  JobManagerLink& link;
  const Clock& clock;
  std::function<std::uint64_t()> free_memory;
  std::function<void(const Error&)> on_given_up;  ///< Registration took too long.
  WorkerCgroups* groups = nullptr;                // Where control groups are delegated.
};

}  // namespace weir::taskmanager
