// What the outside sees of a job, in `weir list` and over HTTP; part of job_master.cc.

#include <algorithm>

#include "common/base/text.h"
#include "jobmanager/scheduler/job_master.h"

namespace weir::jobmanager {

using runtime::JobState;
using runtime::TaskState;

namespace {

constexpr std::size_t kMostListedBytes = 1000;  // Of a failure, in a list of jobs.

/// "301 ms", "5.3 s", "2 min 5 s".
std::string readable(Duration time) {
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  const auto seconds = millis / 1000;
  if (seconds == 0) {
    return std::to_string(millis) + " ms";
  }
  if (seconds < 60) {
    return std::to_string(seconds) + "." + std::to_string(millis % 1000 / 100) + " s";
  }
  return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
}

}  // namespace

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

runtime::JobSummary JobMaster::summary() const {
  return {.id = id_,
          .name = graph_.graph().name,
          .state = graph_.state(),
          .start_millis = start_millis_,
          .end_millis = end_millis_,
          .restarts = restarts_,
          .failure = cutText(failure_, kMostListedBytes),
          .waiting = waitsFor()};
}

std::string JobMaster::waitsFor() const {
  if (opening_) {
    return "for savepoint " + restore_request_->path + " to be read";
  }
  switch (state()) {
    case JobState::kCreated:
      if (attempt_ != nullptr) {
        return "for its task managers to try the directories of snapshots";
      }
      if (const auto shortage = services_.resources.shortageOf(execution_)) {
        return "for slots: " + shortage->text();
      }
      return {};
    case JobState::kRunning:
      return waitsWhileRunning();
    case JobState::kRestarting: {
      const auto left = std::max(Duration::zero(), restarts_at_ - services_.common.clock.now());
      return "to restart in " + readable(left);
    }
    case JobState::kFailing:
    case JobState::kCancelling:
      return attempt_ != nullptr ? "for its workers to end: " + attempt_->liveHosts()
                                 : "for its snapshots to be stored or removed";
    default:
      return {};
  }
}

std::string JobMaster::waitsWhileRunning() const {
  if (final_pending_) {
    return "for its last checkpoint before it finishes";
  }
  std::size_t starting = 0;
  for (const runtime::TaskId& task : graph_.tasks()) {
    const TaskState of_task = graph_.find(task)->state;
    starting += of_task == TaskState::kDeploying || of_task == TaskState::kScheduled ? 1 : 0;
  }
  return starting == 0 ? std::string()
                       : "for " + std::to_string(starting) + " of " +
                             std::to_string(graph_.size()) + " tasks to start";
}

JobView JobMaster::view() const {
  JobView view;
  view.summary = summary();
  view.failure = failure_;
  view.last_modification_millis = graph_.lastModification();
  view.timestamps = graph_.timestamps();
  view.vertices = graph_.vertices();
  view.outline = outline_;
  view.checkpoints = coordinator_.history().views();
  view.checkpoints_completed = coordinator_.history().completed();
  view.checkpoints_failed = coordinator_.history().failed();
  view.accumulators = graph_.accumulators();
  return view;
}

}  // namespace weir::jobmanager
