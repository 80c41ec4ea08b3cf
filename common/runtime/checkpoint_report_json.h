#pragma once

#include <utility>

#include "common/runtime/checkpoint_report.h"

/// What is reported of a checkpoint as JSON, the same for the command and over HTTP. `Json` is a
/// kind of nlohmann::basic_json, which its user includes; only the order of its fields may differ.
namespace weir::runtime {

template <typename Json>
Json toJson(const CheckpointPhases& phases) {
  return {{"start-delay", phases.start_delay},
          {"alignment", phases.alignment},
          {"flush", phases.flush},
          {"freeze", phases.freeze},
          {"queue", phases.queue},
          {"write", phases.write}};
}

template <typename Json>
Json toJson(const SubtaskTimeline& subtask) {
  Json json = {{"subtask", subtask.subtask}, {"host", subtask.host}};
  if (subtask.missing.empty()) {
    json["acknowledged"] = subtask.acknowledged;
    json["size"] = subtask.bytes;
    json["unaligned"] = subtask.unaligned;
    json["in-flight-size"] = subtask.in_flight_bytes;
    json["phases"] = toJson<Json>(subtask.phases);
    json["behind"] = subtask.behind;
  } else {
    json["missing"] = subtask.missing;
  }
  return json;
}

template <typename Json>
Json toJson(const VertexTimeline& vertex) {
  Json subtasks = Json::array();
  for (const SubtaskTimeline& one : vertex.subtasks) {
    subtasks.push_back(toJson<Json>(one));
  }
  return {{"id", vertex.id.hex()},
          {"name", vertex.name},
          {"parallelism", vertex.parallelism},
          {"acknowledged", vertex.acknowledged},
          {"size", vertex.bytes},
          {"last", vertex.last},
          {"longest", toJson<Json>(vertex.longest)},
          {"subtasks", std::move(subtasks)}};
}

/// As it stands in a list of checkpoints.
template <typename Json>
Json toJson(const CheckpointReport& report) {
  return {{"id", report.id.value()},
          {"status", toString(report.status)},
          {"savepoint", report.savepoint},
          {"timestamp", report.trigger_millis},
          {"duration", report.duration_millis},
          {"size", report.bytes},
          {"unaligned", report.unaligned},
          {"in-flight-size", report.in_flight_bytes},
          {"acknowledged", report.acknowledged},
          {"subtasks", report.subtasks},
          {"storing", report.storing_millis},
          {"path", report.path},
          {"failure", report.failure},
          {"verdict", report.verdict}};
}

/// What each of its subtasks did.
template <typename Json>
Json verticesJson(const CheckpointReport& report) {
  Json vertices = Json::array();
  for (const VertexTimeline& one : report.vertices) {
    vertices.push_back(toJson<Json>(one));
  }
  return vertices;
}

}  // namespace weir::runtime
