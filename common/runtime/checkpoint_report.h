#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/ids.h"

/// What became of one checkpoint or savepoint, and where its time went.
namespace weir::runtime {

/// The parts of a checkpoint at one subtask, one after the other, in milliseconds. Each is measured
/// by one clock, so that clocks of machines need not agree.
struct CheckpointPhases {
  /// From the trigger to the first barrier, with the way that the acknowledgement takes back: the
  /// barrier waits behind records that were sent before it.
  std::uint32_t start_delay = 0;
  std::uint32_t alignment = 0;  ///< From the first barrier of its inputs to the last.
  std::uint32_t flush = 0;      ///< Until results of before, and the barrier, were sent on.
  std::uint32_t freeze = 0;     ///< The task stands still while its state is frozen.
  std::uint32_t queue = 0;      ///< Until others of its worker were written.
  std::uint32_t write = 0;
  bool operator==(const CheckpointPhases&) const = default;
};

struct SubtaskTimeline {
  std::uint32_t subtask = 0;
  std::string host;
  CheckpointPhases phases;
  std::uint32_t acknowledged = 0;  ///< Milliseconds after the trigger.
  std::uint64_t bytes = 0;
  std::string behind;      ///< The subtask whose barrier came last; empty for a source.
  std::string missing;     ///< Of one that did not acknowledge: what is known of why. Else empty.
  bool unaligned = false;  ///< Its barrier did not wait for all records before it.
  std::uint64_t in_flight_bytes = 0;  ///< Of those that it has overtaken; part of `bytes`.
  bool operator==(const SubtaskTimeline&) const = default;
};

/// All subtasks of a vertex together, and single ones: all, or in a job of very many only those
/// that are missing and the slowest.
struct VertexTimeline {
  OperatorId id;
  std::string name;
  std::uint32_t parallelism = 1;
  std::uint32_t acknowledged = 0;  ///< How many subtasks have.
  std::uint64_t bytes = 0;
  CheckpointPhases longest;  ///< Of each phase, in any subtask.
  std::uint32_t last = 0;    ///< When the last one acknowledged, in milliseconds after the trigger.
  std::vector<SubtaskTimeline> subtasks;  ///< By their number.
  bool operator==(const VertexTimeline&) const = default;
};

enum class CheckpointStatus : std::uint8_t { kInProgress = 0, kCompleted = 1, kFailed = 2 };
/// The upper-case names of Flink: "IN_PROGRESS", "COMPLETED".
std::string_view toString(CheckpointStatus status);

struct CheckpointReport {
  CheckpointId id;
  bool savepoint = false;
  CheckpointStatus status = CheckpointStatus::kInProgress;
  std::int64_t trigger_millis = 0;
  std::int64_t duration_millis = -1;
  std::uint64_t bytes = 0;
  bool unaligned = false;             ///< At any subtask.
  std::uint64_t in_flight_bytes = 0;  ///< Of records that barriers have overtaken.
  std::uint32_t acknowledged = 0;
  std::uint32_t subtasks = 0;
  /// Of one that completed: from the last acknowledgement until it was durable and pointed to.
  std::int64_t storing_millis = 0;
  std::string path;
  std::string failure;
  std::string verdict;  ///< One line: that it was in time, or why it was slow or failed.
  std::vector<VertexTimeline> vertices;  ///< Of one that has ended; empty where nobody asked.
};

/// For a list of many.
inline CheckpointReport withoutVertices(const CheckpointReport& report) {
  return {.id = report.id,
          .savepoint = report.savepoint,
          .status = report.status,
          .trigger_millis = report.trigger_millis,
          .duration_millis = report.duration_millis,
          .bytes = report.bytes,
          .unaligned = report.unaligned,
          .in_flight_bytes = report.in_flight_bytes,
          .acknowledged = report.acknowledged,
          .subtasks = report.subtasks,
          .storing_millis = report.storing_millis,
          .path = report.path,
          .failure = report.failure,
          .verdict = report.verdict,
          .vertices = {}};
}

}  // namespace weir::runtime
