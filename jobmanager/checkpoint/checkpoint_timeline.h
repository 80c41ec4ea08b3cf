#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/graph/job_graph.h"
#include "common/runtime/checkpoint_report.h"
#include "common/runtime/messages.h"
#include "jobmanager/checkpoint/checkpointed_tasks.h"

namespace weir::jobmanager {

/// What one checkpoint took at each subtask, as they acknowledge it.
///
/// Holds a few words per subtask, so that one belongs to a checkpoint only while it is pending.
/// Threads: the strand.
class CheckpointTimeline {
 public:
  /// The part of a checkpoint that took longest on the way to its last acknowledgement.
  struct Longest {
    std::string phrase;  ///< "map (3/8) on b: 41 s alignment behind source (2/4)".
    std::int64_t millis = 0;
  };

  /// `graph` outlives it.
  CheckpointTimeline(const graph::JobGraph& graph, std::int64_t trigger_millis);

  void acknowledged(const runtime::CheckpointAck& ack, std::uint64_t bytes, Duration since_trigger);

  /// All vertices, and of `most` subtasks, shared by the vertices, what each did: those that are
  /// missing first, then the slowest.
  std::vector<runtime::VertexTimeline> vertices(std::size_t most,
                                                const CheckpointedTasks& tasks) const;
  /// Follows the barriers back from the last acknowledgement; empty when there is none.
  Longest longest(const CheckpointedTasks& tasks) const;
  /// The first few subtasks that are missing though all their inputs have sent their barriers, each
  /// with what is known of it; empty when none is missing.
  std::string missing(const CheckpointedTasks& tasks) const;

 private:
  struct Part {
    runtime::CheckpointPhases phases;
    std::uint32_t acknowledged = 0;  // Milliseconds after the trigger.
    std::uint32_t last_channel = 0;
    std::uint64_t bytes = 0;
    std::uint64_t in_flight_bytes = 0;
    bool unaligned = false;
    bool here = false;

    std::uint32_t barrierAt() const { return phases.start_delay + phases.alignment; }
  };
  struct Place {
    std::uint32_t vertex = 0;
    std::uint32_t subtask = 0;
  };
  /// Subtasks among the inputs of one that have not acknowledged.
  struct Waiting {
    std::uint32_t count = 0;
    Place first;
  };

  const Part& at(Place place) const { return parts_[place.vertex][place.subtask]; }
  bool isSource(std::uint32_t vertex) const { return inputs_[vertex].empty(); }
  /// Whose barrier came through this channel; false when it is not known.
  bool producerOf(Place place, std::uint32_t channel, Place& producer) const;
  Waiting waitsFor(Place place) const;
  std::string whyMissing(Place place, const CheckpointedTasks& tasks) const;
  /// What holds a consumer up that takes no input from it; empty where none is known.
  std::string heldUpBehind(Place place, const CheckpointedTasks& tasks) const;
  runtime::TaskId task(Place place) const {
    return {graph_.vertices[place.vertex].id, place.subtask};
  }
  std::string name(Place place) const;
  std::string nameAndHost(Place place, const CheckpointedTasks& tasks) const;
  std::vector<std::uint32_t> chosen(std::uint32_t vertex, std::size_t most) const;
  runtime::SubtaskTimeline row(Place place, const CheckpointedTasks& tasks) const;

  const graph::JobGraph& graph_;  // Borrowed from the job.
  const std::int64_t trigger_millis_;
  std::map<OperatorId, std::uint32_t> index_;
  std::vector<std::vector<const graph::JobEdge*>> inputs_;  // By vertex.
  std::vector<std::vector<Part>> parts_;                    // By vertex and subtask.
  std::vector<std::uint32_t> here_;  // By vertex: how many have acknowledged.
};

}  // namespace weir::jobmanager
