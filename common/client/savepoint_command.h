#pragma once

#include <string>

#include "common/base/ids.h"
#include "common/client/cancel_command.h"
#include "common/runtime/job_state.h"

namespace weir::client {

/// Takes a savepoint as `weir savepoint` does, and cancels the job once it is complete.
int takeSavepointAndCancel(const Invocation& invocation,
                           const JobId& job,
                           const CancelOptions& options);

struct StopOptions {
  JobId job;
  runtime::StopMode mode = runtime::StopMode::kSuspend;
  bool detached = false;  ///< Does not wait until the job has ended.
  std::string directory;  ///< Of the savepoint; may be empty.
};

/// Takes the savepoint that a job stops with, as `weir savepoint` does.
int takeSavepointAndStop(const Invocation& invocation, const StopOptions& options);

}  // namespace weir::client
