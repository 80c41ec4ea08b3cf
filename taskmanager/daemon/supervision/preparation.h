#pragma once

#include <string>

#include "common/base/result.h"
#include "taskmanager/daemon/blobcache/blob_cache.h"
#include "taskmanager/daemon/supervision/launched_worker.h"
#include "taskmanager/daemon/supervision/work.h"

namespace weir::taskmanager {

/// Puts everything that a worker needs on this machine's disk, under `root`, which is made:
///
///     program/<name>   the executable          lib/<name>   its libraries
///     work/<name>      what was shipped        state/<n>    state that lies on the job manager
///
/// State in blobs that `work` names is rewritten to the files in `state`. Fills program, name,
/// arguments, libraries and working_directory of the answer. Blocks; any thread.
/// Errors: those of the transfer; kIo for the disk; kInvalidArgument for a program that is not made
/// for this machine. What was made of `root` so far stays.
Result<LaunchSpec> prepareAttempt(const std::string& root,
                                  BlobCache& cache,
                                  BlobTransport& transport,
                                  Work& work);

/// Whether an attempt that could not be prepared for this reason will never be: the program is
/// wrong, or the job manager has not what it consists of.
bool isForGood(const Error& error);

/// Whether the file at `path` can be executed here, as far as its first bytes tell.
Status checkExecutable(const std::string& path, const std::string& name);

}  // namespace weir::taskmanager
