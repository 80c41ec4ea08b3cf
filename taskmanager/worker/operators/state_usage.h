#pragma once

#include <vector>

#include "common/graph/job_graph.h"
#include "common/runtime/messages.h"
#include "common/state/keyed_backend.h"

namespace weir::worker {

/// Adds what the states of an operator's `backend` hold, which may be null.
void addUsage(const graph::JobOperator& what,
              const state::KeyedBackend* backend,
              std::vector<runtime::StateUsage>& usage);

/// The largest ones first, and so few that they may be told every second.
void keepLargest(std::vector<runtime::StateUsage>& usage);

}  // namespace weir::worker
