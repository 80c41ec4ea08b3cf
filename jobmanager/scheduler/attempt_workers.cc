#include "jobmanager/scheduler/attempt_workers.h"

#include <algorithm>
#include <utility>

#include "common/base/crash_point.h"
#include "jobmanager/blob/restore_blobs.h"

namespace weir::jobmanager {
namespace {

/// What the workers of an attempt show each other.
std::string newToken(Random& random) {
  std::string token;
  for (int i = 0; i < 2; ++i) {
    const std::uint64_t bits = random.next();
    token.append(reinterpret_cast<const char*>(&bits), sizeof bits);
  }
  return token;
}

}  // namespace

AttemptWorkers::AttemptWorkers(runtime::ExecutionId execution,
                               Placement placement,
                               const graph::SharedGraph& graph,
                               ResourceManager& resources)
    : execution_(execution),
      placement_(std::move(placement)),
      graph_(graph),
      resources_(resources) {
  for (const TaskManagerId id : placement_.task_managers) {
    const runtime::Registration* registration = resources_.registration(id);
    endpoints_.push_back(
        registration == nullptr
            ? runtime::WorkerEndpoint{id, "unknown", 0}
            : runtime::WorkerEndpoint{id, registration->host, registration->data_port});
  }
  std::vector<bool> fed(graph_->vertices.size());
  for (const graph::JobEdge& edge : graph_->edges) {
    fed[edge.target_vertex] = true;
  }
  for (std::size_t v = 0; v < graph_->vertices.size(); ++v) {
    vertex_index_.emplace(graph_->vertices[v].id, v);
    for (const std::uint32_t worker : placement_.tasks[v]) {
      if (!fed[v]) {
        with_sources_.insert(placement_.task_managers[worker]);
      }
    }
  }
}

bool AttemptWorkers::incomplete() const {
  return std::any_of(placement_.task_managers.begin(),
                     placement_.task_managers.end(),
                     [&](TaskManagerId id) { return resources_.gateway(id) == nullptr; });
}

void AttemptWorkers::deploy(Common common,
                            blob::BlobStore& blobs,
                            std::uint64_t most_inline,
                            Random& random) {
  offers_ = blob::offerInline(common.restores, blobs.offered(), most_inline);
  runtime::Deployment deployment{.execution = execution_,
                                 .graph = graph_,
                                 .program = common.program,
                                 .workers = endpoints_,
                                 .self = 0,
                                 .placement = placement_.tasks,
                                 .token = newToken(random),
                                 .restores = {},
                                 .storage = common.storage,
                                 .configuration = common.configuration,
                                 .slots = 1,
                                 .stopped = common.stopped};
  deployment.storage.keeps_descriptions = true;
  std::vector<std::vector<const runtime::TaskRestore*>> restores(placement_.task_managers.size());
  for (const runtime::TaskRestore& restore : common.restores.tasks) {
    restores[workerOf(restore.task)].push_back(&restore);
  }
  for (std::uint32_t worker = 0; worker < placement_.task_managers.size(); ++worker) {
    deployment.self = worker;
    deployment.slots = placement_.slots[worker];
    deployment.restores = runtime::shareOf(common.restores, restores[worker]);
    live_.insert(placement_.task_managers[worker]);
    resources_.gateway(placement_.task_managers[worker])->send(deployment);
  }
  crashPoint("restore.deployed");
}

void AttemptWorkers::adopt() {
  for (const TaskManagerId id : placement_.task_managers) {
    live_.insert(id);
    if (TaskManagerGateway* gateway = resources_.gateway(id)) {
      gateway->adopt(execution_);
    }
  }
  crashPoint("adoption.ordered");
}

void AttemptWorkers::giveBack() {
  for (const TaskManagerId id : placement_.task_managers) {
    resources_.giveBack(id, execution_);
  }
}

void AttemptWorkers::sendToAll(const runtime::TaskManagerOrder& order) {
  for (const TaskManagerId id : live_) {
    if (TaskManagerGateway* gateway = resources_.gateway(id)) {
      gateway->send(order);
    }
  }
}

void AttemptWorkers::sendToSources(const runtime::TaskManagerOrder& order) {
  for (const TaskManagerId id : with_sources_) {
    TaskManagerGateway* gateway = resources_.gateway(id);
    if (gateway != nullptr && live_.contains(id)) {
      gateway->send(order);
    }
  }
}

std::vector<runtime::TaskId> AttemptWorkers::tasksOn(TaskManagerId id) const {
  std::vector<runtime::TaskId> tasks;
  for (std::size_t v = 0; v < graph_->vertices.size(); ++v) {
    for (std::uint32_t subtask = 0; subtask < placement_.tasks[v].size(); ++subtask) {
      if (placement_.task_managers[placement_.tasks[v][subtask]] == id) {
        tasks.push_back({graph_->vertices[v].id, subtask});
      }
    }
  }
  return tasks;
}

bool AttemptWorkers::runsOn(TaskManagerId id, const runtime::TaskId& task) const {
  auto vertex = vertex_index_.find(task.vertex);
  return vertex != vertex_index_.end() && task.subtask < placement_.tasks[vertex->second].size() &&
         placement_.task_managers[workerOf(task)] == id;
}

const std::string& AttemptWorkers::hostOf(const runtime::TaskId& task) const {
  return endpoints_[workerOf(task)].host;
}

const std::string& AttemptWorkers::hostOf(TaskManagerId id) const {
  auto found = std::find(placement_.task_managers.begin(), placement_.task_managers.end(), id);
  return endpoints_[static_cast<std::size_t>(found - placement_.task_managers.begin())].host;
}

std::size_t AttemptWorkers::workerOf(const runtime::TaskId& task) const {
  return placement_.tasks[vertex_index_.at(task.vertex)][task.subtask];
}

std::string AttemptWorkers::liveHosts() const {
  constexpr std::size_t kMostNamed = 5;
  std::string hosts;
  std::size_t named = 0;
  for (const TaskManagerId id : live_) {
    if (++named > kMostNamed) {
      return hosts + " and " + std::to_string(live_.size() - kMostNamed) + " more";
    }
    hosts += (hosts.empty() ? "" : ", ") + hostOf(id);
  }
  return hosts;
}

}  // namespace weir::jobmanager
