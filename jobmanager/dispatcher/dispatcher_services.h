#pragma once

#include <functional>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/result.h"
#include "common/concurrency/executor.h"
#include "common/fs/file_system.h"
#include "jobmanager/blob/blob_store.h"
#include "jobmanager/checkpoint/checkpoint_services.h"
#include "jobmanager/ha/job_store.h"

namespace weir::jobmanager {

/// What a dispatcher works with. All of it outlives the dispatcher.
struct DispatcherServices {
  concurrency::Executor& strand;  ///< Owns all state of the job manager.
  concurrency::Executor& io;      ///< Runs the file work of jobs.
  const Clock& clock;
  Random& random;  ///< Used on the strand.
  fs::FileSystem& files;
  blob::BlobStore& blobs;
  ha::JobStore& store;
  concurrency::Executor* user_io = nullptr;  ///< Work on paths that users name; null: `io`.
  /// A newer leader took over, and the dispatcher has stepped down: the process is to end. Called
  /// on the strand, once.
  std::function<void(const Error&)> stepped_down = {};

  concurrency::Executor& userFiles() const { return user_io == nullptr ? io : *user_io; }
  /// What work with checkpoints is done with, on the files of `executor`.
  CheckpointServices checkpoints(concurrency::Executor& executor,
                                 StateBlobs& state_blobs,
                                 HandleDiscarder& discarder,
                                 FileWork::Bounds bounds) const {
    return {strand, executor, clock, files, state_blobs, discarder, bounds};
  }
};

}  // namespace weir::jobmanager
