#pragma once

#include "common/client/cancel_command.h"

namespace weir::client {

/// Takes a savepoint as `weir savepoint` does, and cancels the job once it is complete.
int takeSavepointAndCancel(const Invocation& invocation,
                           const JobId& job,
                           const CancelOptions& options);

}  // namespace weir::client
