#pragma once

#include <cstdint>

#include "common/base/result.h"
#include "common/config/configuration.h"
#include "common/graph/job_graph.h"
#include "common/runtime/client_messages.h"

namespace weir::jobmanager {

/// What one job may ask of the job manager, as its configuration says.
struct JobLimits {
  std::uint64_t subtasks = 65536;
  std::uint64_t graph_bytes = 48 << 20;
  std::uint64_t name_bytes = 16 << 10;

  static JobLimits from(const config::Configuration& configuration);
};

/// Refuses a job without operators, one above a limit, and one that is to start from a savepoint
/// and takes no checkpoints.
Status checkSubmission(const runtime::SubmitRequest& request, const JobLimits& limits);

/// Refuses a graph that is above a limit, before anything is made for its subtasks, and names that
/// would tear a list or a log line apart. kInvalidArgument or kResourceExhausted, naming the key.
Status checkLimits(const graph::JobGraph& graph, const JobLimits& limits);

}  // namespace weir::jobmanager
