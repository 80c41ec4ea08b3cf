#pragma once

#include <cstdint>
#include <vector>

#include "common/graph/job_graph.h"
#include "taskmanager/worker/checkpoint/barrier_handler.h"
#include "taskmanager/worker/checkpoint/in_flight.h"
#include "taskmanager/worker/network/channel_plan.h"

namespace weir::worker {

/// What barriers may overtake on their way into a subtask.
struct OvertakenInput {
  Overtaking overtaking;
  std::vector<InFlightEdge> edges;  ///< By section of the gate; without the schema of records.

  static OvertakenInput of(const graph::JobGraph& graph, const std::vector<GateSection>& sections);
};

}  // namespace weir::worker
