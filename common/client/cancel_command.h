#pragma once

#include <string>

#include "common/client/invocation.h"

namespace weir::client {

struct CancelOptions {
  std::string job;
  bool with_savepoint = false;
  bool detached = false;  ///< Does not wait until the job has ended.
  std::string directory;
};

/// Waits until a job that is being cancelled has ended, and says so; an error when it did not end
/// CANCELED.
Status awaitCancelled(Console& console, JobManagerClient& client, const JobId& job);

}  // namespace weir::client
