#pragma once

#include <variant>

#include "common/runtime/deployment.h"

namespace weir::taskmanager {

/// What a worker process is started for: its share of a job, or state handles to discard.
using Work = std::variant<runtime::Deployment, runtime::DiscardHandles>;

}  // namespace weir::taskmanager
