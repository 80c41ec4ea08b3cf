#include "jobmanager/resources/resource_manager.h"

#include <algorithm>
#include <utility>

#include "common/base/utf8.h"
#include "common/telemetry/log.h"
#include "jobmanager/resources/registration_check.h"

namespace weir::jobmanager {

ResourceManager::ResourceManager(concurrency::Executor& strand,
                                 const Clock& clock,
                                 Duration heartbeat_timeout,
                                 LostHandler lost)
    : strand_(strand),
      clock_(clock),
      heartbeat_timeout_(heartbeat_timeout),
      lost_(std::move(lost)),
      watched_at_(clock.now()) {
  watch_timer_ = strand_.schedule(heartbeat_timeout_ / 4, [this] { watch(); });
}

Status ResourceManager::add(runtime::Registration registration,
                            std::shared_ptr<TaskManagerGateway> gateway,
                            const runtime::Holdings& holdings) {
  WEIR_RETURN_IF_ERROR(checkProtocol(registration));
  const TaskManagerId id = registration.id;
  if (task_managers_.contains(id)) {
    remove(id, "it registered again");
  }
  log::info("task manager registered",
            {{"id", id.hex()}, {"host", registration.host}, {"slots", registration.slots}});
  TaskManager added{.registration = std::move(registration),
                    .gateway = std::move(gateway),
                    .order = ++registrations_,
                    .last_heard = clock_.now(),
                    .last_heartbeat = clock_.wallNow()};
  added.free_memory = added.registration.free_memory;
  task_managers_.emplace(id, std::move(added));
  for (const runtime::HeldAttempt& one : holdings.attempts) {
    if (one.slots > 0) {
      held_[id].emplace(one.execution, one.slots);
      leftovers_[id].insert(one.execution);
    }
  }
  serve();
  return ok();
}

bool ResourceManager::isCurrent(TaskManagerId id, const TaskManagerGateway* gateway) const {
  auto found = task_managers_.find(id);
  return found != task_managers_.end() && found->second.gateway.get() == gateway;
}

void ResourceManager::heartbeat(TaskManagerId id, const runtime::Heartbeat& heartbeat) {
  auto found = task_managers_.find(id);
  if (found == task_managers_.end()) {
    return;
  }
  TaskManager& task_manager = found->second;
  task_manager.last_heard = clock_.now();
  task_manager.last_heartbeat = clock_.wallNow();
  task_manager.free_memory = heartbeat.free_memory;
  task_manager.gateway->heard(heartbeat.sequence);
  if (std::exchange(task_manager.heard, true)) {
    return;
  }
  // The first one after a registration settles what earlier connections left open. Attempts that
  // were given slots since are spared: their workers may not have been started yet.
  Holdings& holdings = held_[id];
  std::erase_if(holdings, [&](const auto& held) {
    return leftovers_[id].contains(held.first) &&
           std::find(heartbeat.running.begin(), heartbeat.running.end(), held.first) ==
               heartbeat.running.end();
  });
  leftovers_.erase(id);
  serve();
}

void ResourceManager::remove(TaskManagerId id, const std::string& reason) {
  auto found = task_managers_.find(id);
  if (found == task_managers_.end()) {
    return;
  }
  log::warn("task manager lost",
            {{"id", id.hex()}, {"host", found->second.registration.host}, {"reason", reason}});
  std::shared_ptr<TaskManagerGateway> gateway = std::move(found->second.gateway);
  task_managers_.erase(found);
  for (const auto& [execution, slots] : held_[id]) {
    leftovers_[id].insert(execution);
  }
  gateway->close(reason);
  lost_(id, reason);
}

void ResourceManager::giveBack(TaskManagerId id, const runtime::ExecutionId& execution) {
  auto holdings = held_.find(id);
  if (holdings != held_.end() && holdings->second.erase(execution) > 0) {
    serve();
  }
}

void ResourceManager::allocate(const runtime::ExecutionId& execution,
                               const graph::JobGraph& graph,
                               Duration wait,
                               Callback<Placement> done) {
  if (tryServe(execution, graph, done)) {
    return;
  }
  waiting_.push_back({execution, &graph, std::move(done), strand_.schedule(wait, [this, execution] {
                        expire(execution);
                      })});
}

void ResourceManager::withdraw(const runtime::ExecutionId& execution) {
  waiting_.remove_if([&](const Request& request) { return request.execution == execution; });
}

TaskManagerGateway* ResourceManager::gateway(TaskManagerId id) const {
  auto found = task_managers_.find(id);
  return found == task_managers_.end() ? nullptr : found->second.gateway.get();
}

const runtime::Registration* ResourceManager::registration(TaskManagerId id) const {
  auto found = task_managers_.find(id);
  return found == task_managers_.end() ? nullptr : &found->second.registration;
}

std::vector<TaskManagerId> ResourceManager::ids() const {
  std::vector<std::pair<std::uint64_t, TaskManagerId>> ordered;
  for (const auto& [id, task_manager] : task_managers_) {
    ordered.emplace_back(task_manager.order, id);
  }
  std::sort(ordered.begin(), ordered.end());
  std::vector<TaskManagerId> ids;
  for (const auto& [order, id] : ordered) {
    ids.push_back(id);
  }
  return ids;
}

std::vector<TaskManagerView> ResourceManager::views() const {
  std::vector<TaskManagerView> views;
  for (const TaskManagerId id : ids()) {
    const TaskManager& task_manager = task_managers_.at(id);
    const runtime::Registration& registration = task_manager.registration;
    views.push_back({.id = id,
                     .host = registration.host,
                     .data_port = registration.data_port,
                     .last_heartbeat_millis = toEpochMillis(task_manager.last_heartbeat),
                     .slots = registration.slots,
                     .free_slots = freeSlots(id, task_manager),
                     .cpu_cores = registration.cpu_cores,
                     .physical_memory = registration.physical_memory,
                     .free_memory = task_manager.free_memory});
  }
  return views;
}

void ResourceManager::close(const std::string& reason) {
  for (auto& [id, task_manager] : task_managers_) {
    task_manager.gateway->leave(reason);
  }
}

std::uint32_t ResourceManager::freeSlots(TaskManagerId id, const TaskManager& task_manager) const {
  std::uint32_t used = 0;
  if (auto holdings = held_.find(id); holdings != held_.end()) {
    for (const auto& [execution, slots] : holdings->second) {
      used += slots;
    }
  }
  return task_manager.registration.slots - std::min(used, task_manager.registration.slots);
}

bool ResourceManager::tryServe(const runtime::ExecutionId& execution,
                               const graph::JobGraph& graph,
                               Callback<Placement>& done) {
  std::vector<SlotOffer> offers;
  for (const TaskManagerId id : ids()) {
    offers.push_back({id, freeSlots(id, task_managers_.at(id))});
  }
  std::optional<Placement> placement = place(graph, offers);
  if (!placement) {
    return false;
  }
  for (std::size_t i = 0; i < placement->task_managers.size(); ++i) {
    held_[placement->task_managers[i]][execution] += placement->slots[i];
  }
  answer(std::move(done), *std::move(placement));
  return true;
}

void ResourceManager::serve() {
  for (auto request = waiting_.begin(); request != waiting_.end();) {
    request = tryServe(request->execution, *request->graph, request->done) ? waiting_.erase(request)
                                                                           : std::next(request);
  }
}

void ResourceManager::expire(const runtime::ExecutionId& execution) {
  auto request = std::find_if(waiting_.begin(), waiting_.end(), [&](const Request& one) {
    return one.execution == execution;
  });
  if (request == waiting_.end()) {
    return;
  }
  Callback<Placement> done = std::move(request->done);
  Error error = shortage(*request->graph);
  std::unique_ptr<concurrency::Executor::Timer> running = std::move(request->deadline);
  waiting_.erase(request);
  answer(std::move(done), std::move(error));
}

std::optional<Error> ResourceManager::shortageOf(const runtime::ExecutionId& execution) const {
  const auto request = std::find_if(waiting_.begin(), waiting_.end(), [&](const Request& one) {
    return one.execution == execution;
  });
  return request == waiting_.end() ? std::nullopt : std::optional(shortage(*request->graph));
}

Error ResourceManager::shortage(const graph::JobGraph& graph) const {
  std::uint32_t total = 0;
  std::uint32_t free = 0;
  std::string list;
  for (const TaskManagerView& view : views()) {
    total += view.slots;
    free += view.free_slots;
    list += (list.empty() ? " (" : ", ") + view.host + ":" + std::to_string(view.data_port) + " " +
            std::to_string(view.free_slots) + " of " + std::to_string(view.slots) + " free";
  }
  list += list.empty() ? "" : ")";
  const std::uint32_t needed = slotsNeeded(graph);
  std::string sentence = "not enough slots for job '" + escaped(graph.name) + "': it needs " +
                         std::to_string(needed) + ", and ";
  if (task_managers_.empty()) {
    sentence += "no task manager is registered";
  } else {
    sentence += std::to_string(task_managers_.size()) + " registered task manager" +
                (task_managers_.size() == 1 ? "" : "s") + list +
                (task_managers_.size() == 1 ? " has " : " have ") + std::to_string(total) +
                (total == 1 ? " slot, " : " slots, ") + std::to_string(free) + " of them free";
  }
  return Error(ErrorCode::kResourceExhausted, std::move(sentence))
      .advise(total < needed ? "start more task managers, raise taskmanager.numberOfTaskSlots, or "
                               "lower the parallelism"
                             : "cancel another job or start more task managers");
}

void ResourceManager::answer(Callback<Placement> done, Result<Placement> result) {
  strand_.post([alive = std::weak_ptr<bool>(alive_),
                done = std::move(done),
                result = std::move(result)]() mutable {
    if (!alive.expired()) {
      done(std::move(result));
    }
  });
}

void ResourceManager::watch() {
  std::vector<TaskManagerId> silent;
  const SteadyTime now = clock_.now();
  // After a pause of this process what the task managers said meanwhile is still to be heard.
  const bool paused = now - std::exchange(watched_at_, now) > heartbeat_timeout_ / 2;
  for (const auto& [id, task_manager] : task_managers_) {
    if (!paused && now - task_manager.last_heard > heartbeat_timeout_) {
      silent.push_back(id);
    }
  }
  for (const TaskManagerId id : silent) {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(heartbeat_timeout_).count();
    remove(id, "no heartbeat for " + std::to_string(seconds) + " ms");
  }
  watch_timer_ = strand_.schedule(heartbeat_timeout_ / 4, [this] { watch(); });
}

}  // namespace weir::jobmanager
