#include "jobmanager/scheduler/job_view.h"

namespace weir::jobmanager {

JobOutline JobOutline::of(const graph::JobGraph& graph) {
  JobOutline outline;
  for (const graph::JobVertex& vertex : graph.vertices) {
    outline.vertices.push_back({vertex.id, vertex.name, vertex.parallelism, {}});
  }
  for (const graph::JobEdge& edge : graph.edges) {
    outline.vertices[edge.target_vertex].inputs.push_back(
        {graph.vertices[edge.source_vertex].id, edge.partitioning});
  }
  outline.restart = graph.restart;
  return outline;
}

JobView JobView::of(const ExecutionGraph& graph, const CheckpointHistory& history) {
  JobView view;
  view.last_modification_millis = graph.lastModification();
  view.timestamps = graph.timestamps();
  view.vertices = graph.vertices();
  view.checkpoints = history.views();
  view.checkpoints_completed = history.completed();
  view.checkpoints_failed = history.failed();
  view.accumulators = graph.accumulators();
  return view;
}

}  // namespace weir::jobmanager
