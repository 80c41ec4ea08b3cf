#include "common/wire/checkpoint_report.h"

#include "common/wire/fields.h"

namespace weir::wire {
namespace {

v1::CheckpointPhases phasesToProto(const runtime::CheckpointPhases& phases) {
  v1::CheckpointPhases to;
  to.set_start_delay(phases.start_delay);
  to.set_alignment(phases.alignment);
  to.set_flush(phases.flush);
  to.set_freeze(phases.freeze);
  to.set_queue(phases.queue);
  to.set_write(phases.write);
  return to;
}

runtime::CheckpointPhases phasesFromProto(const v1::CheckpointPhases& from) {
  return {.start_delay = from.start_delay(),
          .alignment = from.alignment(),
          .flush = from.flush(),
          .freeze = from.freeze(),
          .queue = from.queue(),
          .write = from.write()};
}

v1::VertexTimeline timelineToProto(const runtime::VertexTimeline& vertex) {
  v1::VertexTimeline to;
  to.set_id(fields::bytesOf(vertex.id));
  to.set_name(vertex.name);
  to.set_parallelism(vertex.parallelism);
  to.set_acknowledged(vertex.acknowledged);
  to.set_bytes(vertex.bytes);
  *to.mutable_longest() = phasesToProto(vertex.longest);
  to.set_last(vertex.last);
  for (const runtime::SubtaskTimeline& one : vertex.subtasks) {
    v1::SubtaskTimeline& subtask = *to.add_subtasks();
    subtask.set_subtask(one.subtask);
    subtask.set_host(one.host);
    *subtask.mutable_phases() = phasesToProto(one.phases);
    subtask.set_acknowledged(one.acknowledged);
    subtask.set_bytes(one.bytes);
    subtask.set_behind(one.behind);
    subtask.set_missing(one.missing);
    subtask.set_unaligned(one.unaligned);
    subtask.set_in_flight_bytes(one.in_flight_bytes);
  }
  return to;
}

Result<runtime::VertexTimeline> timelineFromProto(const v1::VertexTimeline& from) {
  runtime::VertexTimeline to;
  WEIR_TRY(to.id, fields::id<OperatorId>("vertex", from.id()));
  to.name = from.name();
  to.parallelism = from.parallelism();
  to.acknowledged = from.acknowledged();
  to.bytes = from.bytes();
  to.longest = phasesFromProto(from.longest());
  to.last = from.last();
  for (const v1::SubtaskTimeline& one : from.subtasks()) {
    to.subtasks.push_back({.subtask = one.subtask(),
                           .host = one.host(),
                           .phases = phasesFromProto(one.phases()),
                           .acknowledged = one.acknowledged(),
                           .bytes = one.bytes(),
                           .behind = one.behind(),
                           .missing = one.missing(),
                           .unaligned = one.unaligned(),
                           .in_flight_bytes = one.in_flight_bytes()});
  }
  return to;
}

}  // namespace

v1::CheckpointReport toProto(const runtime::CheckpointReport& report) {
  v1::CheckpointReport to;
  to.set_id(report.id.value());
  to.set_savepoint(report.savepoint);
  to.set_status(static_cast<std::uint32_t>(report.status));
  to.set_trigger_millis(report.trigger_millis);
  to.set_duration_millis(report.duration_millis);
  to.set_bytes(report.bytes);
  to.set_acknowledged(report.acknowledged);
  to.set_subtasks(report.subtasks);
  to.set_storing_millis(report.storing_millis);
  to.set_path(report.path);
  to.set_failure(report.failure);
  to.set_verdict(report.verdict);
  to.set_unaligned(report.unaligned);
  to.set_in_flight_bytes(report.in_flight_bytes);
  for (const runtime::VertexTimeline& vertex : report.vertices) {
    *to.add_vertices() = timelineToProto(vertex);
  }
  return to;
}

Result<runtime::CheckpointReport> fromProto(const v1::CheckpointReport& from) {
  runtime::CheckpointReport to;
  to.id = CheckpointId(from.id());
  to.savepoint = from.savepoint();
  WEIR_TRY(to.status,
           fields::number("state of a checkpoint",
                          from.status(),
                          runtime::CheckpointStatus::kInProgress,
                          runtime::CheckpointStatus::kFailed));
  to.trigger_millis = from.trigger_millis();
  to.duration_millis = from.duration_millis();
  to.bytes = from.bytes();
  to.acknowledged = from.acknowledged();
  to.subtasks = from.subtasks();
  to.storing_millis = from.storing_millis();
  to.path = from.path();
  to.failure = from.failure();
  to.verdict = from.verdict();
  to.unaligned = from.unaligned();
  to.in_flight_bytes = from.in_flight_bytes();
  WEIR_TRY(to.vertices, fields::all<runtime::VertexTimeline>(from.vertices(), timelineFromProto));
  return to;
}

}  // namespace weir::wire
