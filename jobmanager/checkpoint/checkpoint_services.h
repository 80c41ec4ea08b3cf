#pragma once

#include "common/base/clock.h"
#include "common/concurrency/executor.h"
#include "common/fs/file_system.h"
#include "jobmanager/checkpoint/file_work.h"
#include "jobmanager/checkpoint/handle_discarder.h"
#include "jobmanager/checkpoint/state_blobs.h"

namespace weir::jobmanager {

/// What all coordinators of a job manager share. Borrowed from the dispatcher's owner.
struct CheckpointServices {
  concurrency::Executor& strand;
  concurrency::Executor& io;
  const Clock& clock;
  fs::FileSystem& files;
  StateBlobs& blobs;
  HandleDiscarder& discarder;
  FileWork::Bounds file_bounds = {};
};

}  // namespace weir::jobmanager
