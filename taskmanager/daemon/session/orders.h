#pragma once

#include <functional>
#include <optional>

#include "common/base/result.h"
#include "common/runtime/messages.h"
#include "taskmanager/daemon/supervision/job_manager_link.h"

namespace weir::v1 {
class ToTaskManager;
}

/// What a job manager says within a session, as its listener hears it. Pure functions.
namespace weir::taskmanager {

/// What a message asks of the listener: an order, a word on a held attempt, a heartbeat, or
/// nothing. kInvalidArgument for one that cannot be read.
Result<std::function<void(JobManagerLink::Listener&)>> hear(const v1::ToTaskManager& message);

/// What answers a deployment that cannot be read, as its job would wait for the worker without
/// end; nullopt for other messages.
std::optional<runtime::WorkerExited> refusalOf(const v1::ToTaskManager& message, const Error& why);

}  // namespace weir::taskmanager
