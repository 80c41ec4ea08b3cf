#include "jobmanager/web/rest_api.h"

#include <ctime>

#include <nlohmann/json.hpp>

#include "jobmanager/web/checkpoint_json.h"
#include "jobmanager/web/job_json.h"

namespace weir::jobmanager::web {
namespace {

constexpr std::string_view kIndex =
    "Weir. This job manager answers GET on:\n"
    "  /overview  /config  /jobmanager/config\n"
    "  /jobs  /joboverview  /joboverview/running  /joboverview/completed\n"
    "  /jobs/ID  /jobs/ID/vertices  /jobs/ID/plan  /jobs/ID/config  /jobs/ID/exceptions\n"
    "  /jobs/ID/accumulators  /jobs/ID/checkpoints  /jobs/ID/checkpoints/details/ID\n"
    "  /jobs/ID/vertices/VERTEX  /jobs/ID/vertices/VERTEX/subtasktimes\n"
    "  /taskmanagers  /taskmanagers/ID\n";

std::vector<std::string_view> segmentsOf(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) {
      segments.push_back(path.substr(0, slash));
    }
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return segments;
}

Response ok(const Json& json) {
  // Names are the user's and need not be UTF-8.
  return {200, "application/json", json.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

Response notFound(const std::string& what) { return {404, "text/plain", what + "\n"}; }

Json config(const RestApi::Settings& settings, std::int64_t now_millis) {
  const std::time_t now = now_millis / 1000;
  std::tm local{};
  ::localtime_r(&now, &local);
  return {{"refresh-interval", settings.refresh_millis},
          {"timezone-offset", static_cast<std::int64_t>(local.tm_gmtoff) * 1000},
          {"timezone-name", local.tm_zone == nullptr ? "" : local.tm_zone},
          {"flink-version", settings.version},
          {"flink-revision", "weir"}};
}

Json overview(const ClusterView& view, const std::string& version) {
  std::uint64_t slots = 0;
  std::uint64_t free = 0;
  for (const TaskManagerView& one : view.task_managers) {
    slots += one.slots;
    free += one.free_slots;
  }
  return {{"taskmanagers", view.task_managers.size()},
          {"slots-total", slots},
          {"slots-available", free},
          {"jobs-running", view.running.size()},
          {"jobs-finished", view.jobs_finished},
          {"jobs-cancelled", view.jobs_cancelled},
          {"jobs-failed", view.jobs_failed},
          {"flink-version", version},
          {"flink-commit", "weir"}};
}

Json jobIds(const ClusterView& view) {
  Json ids{{"jobs-running", Json::array()},
           {"jobs-finished", Json::array()},
           {"jobs-cancelled", Json::array()},
           {"jobs-failed", Json::array()}};
  for (const JobView& job : view.running) {
    ids["jobs-running"].push_back(job.summary.id.hex());
  }
  for (const JobView& job : view.finished) {
    const char* const key = job.summary.state == runtime::JobState::kFinished   ? "jobs-finished"
                            : job.summary.state == runtime::JobState::kCanceled ? "jobs-cancelled"
                                                                                : "jobs-failed";
    ids[key].push_back(job.summary.id.hex());
  }
  return ids;
}

Json summaries(const std::vector<JobView>& jobs, std::int64_t now) {
  Json list = Json::array();
  for (const JobView& job : jobs) {
    list.push_back(jobSummary(job, now));
  }
  return list;
}

Json taskManager(const TaskManagerView& one) {
  return {{"id", one.id.hex()},
          {"path", one.host + ":" + std::to_string(one.data_port)},
          {"dataPort", one.data_port},
          {"timeSinceLastHeartbeat", one.last_heartbeat_millis},
          {"slotsNumber", one.slots},
          {"freeSlots", one.free_slots},
          {"cpuCores", one.cpu_cores},
          {"physicalMemory", one.physical_memory},
          {"freeMemory", one.free_memory},
          {"managedMemory", 0}};
}

Response taskManagers(const ClusterView& view, const std::vector<std::string_view>& path) {
  Json list = Json::array();
  for (const TaskManagerView& one : view.task_managers) {
    if (path.size() == 1 || path[1] == one.id.hex()) {
      list.push_back(taskManager(one));
    }
  }
  if (path.size() > 1 && list.empty()) {
    return notFound("there is no task manager " + std::string(path[1]));
  }
  if (path.size() > 2) {
    return notFound("task manager " + std::string(path[1]) + " has nothing of that name" +
                    (path[2] == "log" || path[2] == "stdout"
                         ? " over HTTP; its log is where log.file says on its host"
                         : ""));
  }
  return ok({{"taskmanagers", list}});
}

const JobView* findJob(const ClusterView& view, std::string_view id) {
  const auto wanted = JobId::parse(id);
  for (const auto* jobs : {&view.running, &view.finished}) {
    for (const JobView& job : *jobs) {
      if (wanted.has_value() && job.summary.id == *wanted) {
        return &job;
      }
    }
  }
  return nullptr;
}

}  // namespace

Response RestApi::job(const ClusterView& view, const std::vector<std::string_view>& path) const {
  const JobView* job = findJob(view, path[1]);
  if (job == nullptr) {
    return notFound("there is no job " + std::string(path[1]));
  }
  const std::string_view what = path.size() > 2 ? path[2] : "vertices";
  if (path.size() > 3 && what == "vertices") {
    const OperatorId wanted =
        OperatorId::parse(path[3]).has_value() ? *OperatorId::parse(path[3]) : OperatorId();
    for (const VertexView& vertex : job->vertices) {
      if (vertex.id == wanted && path.size() == 4) {
        return ok(vertexDetails(vertex, view.now_millis));
      }
      if (vertex.id == wanted && path.size() == 5 && path[4] == "subtasktimes") {
        return ok(subtaskTimes(vertex, view.now_millis));
      }
    }
  } else if (path.size() <= 3) {
    if (what == "vertices") {
      return ok(jobDetails(*job, view.now_millis));
    }
    if (what == "plan") {
      return ok(jobPlan(*job));
    }
    if (what == "config") {
      return ok(jobConfig(*job));
    }
    if (what == "exceptions") {
      return ok(jobExceptions(*job));
    }
    if (what == "accumulators") {
      return ok(jobAccumulators(*job));
    }
    if (what == "checkpoints") {
      return ok(jobCheckpoints(*job));
    }
  } else if (path.size() == 5 && what == "checkpoints" && path[3] == "details") {
    for (const auto& one : job->checkpoints) {
      if (std::to_string(one->id.value()) == path[4]) {
        return ok(checkpointDetails(*one));
      }
    }
  }
  return notFound("job " + std::string(path[1]) + " has nothing of that name");
}

Response RestApi::get(std::string_view path) const {
  const std::vector<std::string_view> segments = segmentsOf(path);
  if (segments.empty()) {
    return {200, "text/plain", std::string(kIndex)};
  }
  const std::shared_ptr<const ClusterView> view = view_();
  const std::string_view first = segments[0];
  const std::size_t depth = segments.size();
  if (first == "jobs" && depth > 1) {
    return job(*view, segments);
  }
  if (first == "taskmanagers") {
    return taskManagers(*view, segments);
  }
  if (first == "jobmanager" && depth == 2 && segments[1] == "config") {
    Json list = Json::array();
    for (const auto& [key, value] : settings_.configuration) {
      list.push_back({{"key", key}, {"value", value}});
    }
    return ok(list);
  }
  if (first == "joboverview" && depth == 2 && segments[1] == "running") {
    return ok({{"jobs", summaries(view->running, view->now_millis)}});
  }
  if (first == "joboverview" && depth == 2 && segments[1] == "completed") {
    return ok({{"jobs", summaries(view->finished, view->now_millis)}});
  }
  if (depth == 1 && first == "overview") {
    Response response = ok(overview(*view, settings_.version));
    response.any_origin = true;  // Numbers alone: no names, nothing of users.
    return response;
  }
  if (depth == 1 && first == "config") {
    return ok(config(settings_, view->now_millis));
  }
  if (depth == 1 && first == "jobs") {
    return ok(jobIds(*view));
  }
  if (depth == 1 && first == "joboverview") {
    return ok({{"running", summaries(view->running, view->now_millis)},
               {"finished", summaries(view->finished, view->now_millis)}});
  }
  return notFound("there is nothing at this path; / lists what there is");
}

}  // namespace weir::jobmanager::web
