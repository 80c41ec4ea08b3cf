#pragma once

#include <string>

#include "common/base/result.h"
#include "common/runtime/messages.h"
#include "taskmanager/daemon/supervision/assignment.h"
#include "taskmanager/daemon/supervision/work.h"
#include "taskmanager/daemon/supervision/worker_settings.h"

namespace weir::taskmanager {

/// Whether we speak the protocol of a worker that says hello. The error is the cause of its job's
/// end: no restart would help.
Status checkProtocol(const runtime::WorkerHello& hello,
                     const Assignment& assignment,
                     const WorkerSettings& settings);

/// Empty where it can be told to stop its sources; else why a savepoint that stops the job fails.
std::string whyNotStopped(const runtime::WorkerHello& hello);

/// Its work as this worker reads it. The error, as above: it takes no message as large.
Result<std::string> encodeWork(const Work& work,
                               const runtime::WorkerHello& hello,
                               const WorkerSettings& settings);

}  // namespace weir::taskmanager
