#include "jobmanager/web/checkpoint_json.h"

#include <algorithm>
#include <string>

#include "common/runtime/checkpoint_report_json.h"

namespace weir::jobmanager::web {

using runtime::CheckpointReport;
using runtime::CheckpointStatus;

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
    all.push_back(runtime::toJson<Json>(one));
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
  Json json = runtime::toJson<Json>(report);
  json["vertices"] = runtime::verticesJson<Json>(report);
  return json;
}

}  // namespace weir::jobmanager::web
