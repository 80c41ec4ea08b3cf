#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "common/graph/job_graph.h"
#include "common/runtime/job_state.h"
#include "common/runtime/messages.h"
#include "jobmanager/checkpoint/checkpoint_view.h"
#include "jobmanager/execution/vertex_view.h"

namespace weir::jobmanager {

/// A job at one instant, for HTTP.
struct JobView {
  runtime::JobSummary summary;
  std::string failure;  ///< First cause, of the last failure.
  std::uint64_t restarts = 0;
  std::int64_t last_modification_millis = 0;
  /// When each JobState was entered last, indexed by its number; 0: never.
  std::array<std::int64_t, 9> timestamps{};
  std::vector<VertexView> vertices;
  graph::JobGraph graph;                    ///< Without factories.
  std::vector<CheckpointView> checkpoints;  ///< The last hundred, newest first.
  std::uint64_t checkpoints_completed = 0;
  std::uint64_t checkpoints_failed = 0;
  std::vector<runtime::AccumulatorValue> accumulators;  ///< Merged over the subtasks.
};

}  // namespace weir::jobmanager
