#include "jobmanager/web/checkpoint_json.h"

#include <algorithm>
#include <string>

namespace weir::jobmanager::web {
namespace {

using runtime::CheckpointReport;
using runtime::CheckpointStatus;

Json reportOf(const CheckpointReport& report) {
  return {{"id", report.id.value()},
          {"status", toString(report.status)},
          {"savepoint", report.savepoint},
          {"timestamp", report.trigger_millis},
          {"duration", report.duration_millis},
          {"size", report.bytes},
          {"acknowledged", report.acknowledged},
          {"subtasks", report.subtasks},
          {"storing", report.storing_millis},
          {"path", report.path},
          {"failure", report.failure},
          {"verdict", report.verdict}};
}

Json phasesOf(const runtime::CheckpointPhases& phases) {
  return {{"start-delay", phases.start_delay},
          {"alignment", phases.alignment},
          {"flush", phases.flush},
          {"freeze", phases.freeze},
          {"queue", phases.queue},
          {"write", phases.write}};
}

}  // namespace

Json jobCheckpoints(const JobView& job) {
  Json history = Json::array();
  Json all = Json::array();
  bool ended = false;
  std::int64_t durations = 0;
  std::uint64_t sizes = 0;
  const CheckpointReport* quickest = nullptr;
  const CheckpointReport* slowest = nullptr;
  const CheckpointReport* smallest = nullptr;
  const CheckpointReport* largest = nullptr;
  for (const auto& shared : job.checkpoints) {
    const CheckpointReport& one = *shared;
    all.push_back(reportOf(one));
    ended = ended || one.status != CheckpointStatus::kInProgress;
    if (one.status != CheckpointStatus::kCompleted) {
      continue;
    }
    durations += one.duration_millis;
    sizes += one.bytes;
    quickest = !quickest || one.duration_millis < quickest->duration_millis ? &one : quickest;
    slowest = !slowest || one.duration_millis > slowest->duration_millis ? &one : slowest;
    smallest = !smallest || one.bytes < smallest->bytes ? &one : smallest;
    largest = !largest || one.bytes > largest->bytes ? &one : largest;
    history.push_back({{"id", one.id.value()},
                       {"timestamp", one.trigger_millis},
                       {"duration", one.duration_millis},
                       {"size", one.bytes},
                       {"savepoint", one.savepoint},
                       {"path", one.path},
                       {"verdict", one.verdict}});
  }
  if (!ended) {
    return Json::object();
  }
  Json json{{"count", job.checkpoints_completed}};
  if (!history.empty()) {
    const auto known = static_cast<std::int64_t>(history.size());
    json["duration"] = {{"min", quickest->duration_millis},
                        {"max", slowest->duration_millis},
                        {"avg", durations / known}};
    json["size"] = {{"min", smallest->bytes},
                    {"max", largest->bytes},
                    {"avg", sizes / static_cast<std::uint64_t>(known)}};
  }
  json["history"] = std::move(history);
  json["failed"] = job.checkpoints_failed;
  json["all"] = std::move(all);
  return json;
}

Json checkpointDetails(const CheckpointReport& report) {
  Json json = reportOf(report);
  Json vertices = Json::array();
  for (const runtime::VertexTimeline& vertex : report.vertices) {
    Json subtasks = Json::array();
    for (const runtime::SubtaskTimeline& one : vertex.subtasks) {
      Json subtask{{"subtask", one.subtask}, {"host", one.host}};
      if (one.missing.empty()) {
        subtask["acknowledged"] = one.acknowledged;
        subtask["size"] = one.bytes;
        subtask["phases"] = phasesOf(one.phases);
        subtask["behind"] = one.behind;
      } else {
        subtask["missing"] = one.missing;
      }
      subtasks.push_back(std::move(subtask));
    }
    vertices.push_back({{"id", vertex.id.hex()},
                        {"name", vertex.name},
                        {"parallelism", vertex.parallelism},
                        {"acknowledged", vertex.acknowledged},
                        {"size", vertex.bytes},
                        {"last", vertex.last},
                        {"longest", phasesOf(vertex.longest)},
                        {"subtasks", std::move(subtasks)}});
  }
  json["vertices"] = std::move(vertices);
  return json;
}

}  // namespace weir::jobmanager::web
