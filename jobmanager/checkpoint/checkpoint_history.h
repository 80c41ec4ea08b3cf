#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/graph/job_graph.h"
#include "common/runtime/checkpoint_report.h"
#include "common/runtime/messages.h"
#include "jobmanager/checkpoint/checkpoint_timeline.h"

namespace weir::jobmanager {

/// What became of a job's last checkpoints and savepoints, and why.
///
/// Bounded in memory: of each that has ended it keeps sums per vertex and what single subtasks did,
/// of all or in a job of very many of those that were missing or slowest. Lives as long as the job.
/// Threads: the strand; reports that were handed out never change.
class CheckpointHistory {
 public:
  struct Bounds {
    std::size_t checkpoints = 100;
    std::size_t subtasks = 128;  ///< Of one checkpoint.
  };
  using SharedReport = std::shared_ptr<const runtime::CheckpointReport>;  // With views.

  /// `graph` and `tasks` outlive it.
  CheckpointHistory(const graph::JobGraph& graph, Bounds bounds, const CheckpointedTasks& tasks);

  void began(CheckpointId id, bool savepoint, std::int64_t trigger_millis);
  void acknowledged(const runtime::CheckpointAck& ack, std::uint64_t bytes, Duration since_trigger);
  /// `storing`: the part of `took` after the last acknowledgement.
  void completed(CheckpointId id, Duration took, Duration storing, const std::string& path);
  void failed(CheckpointId id, Duration took, const Error& why);

  /// Newest first; of those in progress without their vertices.
  std::vector<SharedReport> views() const;
  /// The same, and those in progress say what they wait for.
  std::vector<SharedReport> told() const;
  /// Also of one in progress, as far as it got; none when it is forgotten.
  std::optional<runtime::CheckpointReport> report(CheckpointId id) const;
  std::uint64_t completed() const { return completed_; }
  std::uint64_t failed() const { return failed_; }

 private:
  struct Entry {
    std::shared_ptr<runtime::CheckpointReport> report;
    std::unique_ptr<CheckpointTimeline> timeline;  // While it is in progress.
    mutable bool shown = false;                    // `report` belongs to views as well.
  };

  Entry* find(CheckpointId id);
  static runtime::CheckpointReport& change(Entry& entry);
  void end(Entry& entry, Duration took);
  std::int64_t usualMillis() const;
  std::string verdictOf(const Entry& entry) const;
  std::string progressOf(const CheckpointTimeline& timeline) const;

  const graph::JobGraph& graph_;  // Borrowed from the job.
  const Bounds bounds_;
  const CheckpointedTasks& tasks_;
  std::deque<Entry> entries_;  // Newest first.
  std::uint64_t completed_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace weir::jobmanager
