#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/graph/job_graph.h"
#include "common/runtime/job_state.h"
#include "common/runtime/messages.h"
#include "jobmanager/checkpoint/checkpoint_history.h"
#include "jobmanager/execution/execution_graph.h"
#include "jobmanager/execution/vertex_view.h"

namespace weir::jobmanager {

/// What a job's graph looks like from outside: its vertices, and what they read from. Without
/// operators, schemas and elements, which may be large.
struct JobOutline {
  struct Input {
    OperatorId source;
    graph::Partitioning partitioning = graph::Partitioning::kForward;
  };
  struct Vertex {
    OperatorId id;
    std::string name;
    std::uint32_t parallelism = 1;
    std::vector<Input> inputs;
  };
  std::vector<Vertex> vertices;
  graph::RestartStrategy restart;

  static JobOutline of(const graph::JobGraph& graph);
};

/// A job at one instant, for HTTP.
struct JobView {
  /// All but summary, failure, adoption and outline.
  static JobView of(const ExecutionGraph& graph, const CheckpointHistory& history);

  runtime::JobSummary summary;
  std::string failure;  ///< First cause, of the last failure.
  /// What came of the attempt of an earlier leader: "adopted attempt 1 after 400 ms"; mostly empty.
  std::string adoption;
  std::int64_t last_modification_millis = 0;
  /// When each JobState was entered last, indexed by its number; 0: never.
  std::array<std::int64_t, 9> timestamps{};
  std::vector<VertexView> vertices;
  /// Shared by all views of the job; never null.
  std::shared_ptr<const JobOutline> outline = std::make_shared<const JobOutline>();
  std::vector<CheckpointHistory::SharedReport> checkpoints;  ///< The last hundred, newest first.
  std::uint64_t checkpoints_completed = 0;
  std::uint64_t checkpoints_failed = 0;
  std::vector<runtime::AccumulatorValue> accumulators;  ///< Merged over the subtasks.
};

}  // namespace weir::jobmanager
