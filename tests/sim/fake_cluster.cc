#include "tests/sim/fake_cluster.h"

#include <algorithm>
#include <utility>

#include "common/fs/uri.h"

namespace weir::sim {

using runtime::TaskState;

namespace {
constexpr Duration kTick = std::chrono::milliseconds(50);

/// What flows from one source to one counter.
struct Item {
  enum class Kind : std::uint8_t { kRecord, kBarrier, kEnd } kind = Kind::kRecord;
  std::uint64_t value = 0;  // Key, or id of the checkpoint.
};
}  // namespace

/// Channels between all tasks of one attempt, in order.
class DataPlane {
 public:
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::deque<Item>> channels;
  bool stopping = false;  // Its sources were told to stop with a savepoint.
};

/// The way from the job manager to one life of a task manager, and what it carries, in order.
class FakeTaskManager::Connection final : public jobmanager::TaskManagerGateway {
 public:
  Connection(FakeTaskManager& owner, World& world) : owner_(&owner), world_(world) {}

  void send(runtime::TaskManagerOrder order) override {
    if (std::holds_alternative<runtime::DiscardHandles>(order)) {
      ++world_.discard_workers_lost;  // Until it has ended in order.
    }
    if (owner_ == nullptr) {
      return;
    }
    if (const auto* notify = std::get_if<runtime::NotifyOrder>(&order);
        notify != nullptr && notify->completed) {
      CheckpointId& newest = world_.notified[notify->execution.job];
      newest = std::max(newest, notify->checkpoint);
    }
    deliver([order = std::move(order)](FakeTaskManager& owner) { owner.handle(order); });
  }
  void adopt(const runtime::ExecutionId& execution) override {
    deliver([execution](FakeTaskManager& owner) { owner.adopted(execution); });
  }
  void giveUp(const runtime::ExecutionId& execution) override {
    deliver([execution](FakeTaskManager& owner) { owner.gaveUp(execution); });
  }
  void leave(const std::string& /*reason*/) override {
    if (FakeTaskManager* owner = std::exchange(owner_, nullptr)) {
      owner->executor_->post([owner] { owner->loseSession(); });
    }
  }
  void close(const std::string& /*reason*/) override {
    if (FakeTaskManager* owner = std::exchange(owner_, nullptr)) {
      owner->executor_->post([owner] {
        owner->kill(true);
        owner->start();
      });
    }
  }
  void cut() { owner_ = nullptr; }

 private:
  /// In order, unless the connection is cut before.
  void deliver(std::function<void(FakeTaskManager&)> order) {
    if (owner_ == nullptr) {
      return;
    }
    const SteadyTime due = std::max(world_.time.now() + world_.delay(), last_ + Duration(1));
    last_ = due;
    owner_->after(due - world_.time.now(),
                  [self = owner_->connection_, this, order = std::move(order)] {
                    if (owner_ != nullptr) {
                      order(*owner_);
                    }
                  });
  }

  FakeTaskManager* owner_;  // nullptr once that life has ended.
  World& world_;
  SteadyTime last_{};
};

struct FakeTaskManager::Worker {
  runtime::Deployment deployment;
  Model model;
  std::vector<runtime::TaskId> tasks;
  std::map<std::uint32_t, std::uint64_t> positions;                         // Of own sources.
  std::map<std::uint32_t, std::map<std::uint64_t, std::uint64_t>> counts;   // Of own counters.
  std::map<std::uint32_t, std::map<std::uint32_t, std::uint64_t>> blocked;  // Counter, source: id.
  std::map<std::uint32_t, std::set<std::uint32_t>> ended;                   // Counter: sources.
  std::set<std::uint64_t> aborted;                                          // Checkpoints.
  std::set<runtime::TaskId> input_ended;
  std::map<std::uint32_t, CheckpointId> halted;  // Own sources that emit nothing behind it.
  std::shared_ptr<DataPlane> plane;              // Shared with the other workers of the attempt.
};

FakeTaskManager::FakeTaskManager(World& world, std::string host, std::uint32_t slots)
    : world_(world) {
  registration_.id = TaskManagerId::random(world.random);
  registration_.host = std::move(host);
  registration_.slots = slots;
}

FakeTaskManager::~FakeTaskManager() {
  if (connection_ != nullptr) {
    connection_->cut();
  }
}

void FakeTaskManager::start() {
  executor_ = std::make_unique<concurrency::SimulatedExecutor>(world_.time);
  connect();
  // Re-arms itself through a shared function, as there is no periodic timer.
  auto again = std::make_shared<std::function<void()>>();
  *again = [this, weak = std::weak_ptr<std::function<void()>>(again)] {
    heartbeat();
    if (auto self = weak.lock()) {
      after(std::chrono::seconds(2), [self] { (*self)(); });
    }
  };
  (*again)();
}

void FakeTaskManager::connect() {
  connection_ = std::make_shared<Connection>(*this, world_);
  epoch_ = world_.epoch;
  runtime::Holdings holdings;
  for (const runtime::ExecutionId& execution : undecided_) {
    const auto worker = workers_.find(execution);
    const bool lives = worker != workers_.end();
    holdings.attempts.push_back({execution, lives ? worker->second->deployment.slots : 0});
  }
  world_.dispatcher->registerTaskManager(
      registration_, std::move(holdings), connection_, [](const Status&) {});
}

void FakeTaskManager::heartbeat() {
  runtime::Heartbeat heartbeat;
  for (const auto& [execution, worker] : workers_) {
    heartbeat.running.push_back(execution);
  }
  send(heartbeat);
}

void FakeTaskManager::loseSession() {
  if (connection_ == nullptr) {
    return;
  }
  connection_->cut();
  connection_.reset();
  asking_.clear();
  std::erase_if(workers_, [](const auto& one) { return one.second->tasks.empty(); });
  for (const auto& [execution, tasks] : said_) {
    undecided_.insert(execution);
  }
  for (const auto& [execution, worker] : workers_) {
    undecided_.insert(execution);
  }
  after(std::chrono::seconds(20), [this, lost = ++lost_] {
    for (const runtime::ExecutionId& execution : std::set(undecided_)) {
      if (lost == lost_) {
        gaveUp(execution);
      }
    }
  });
}

void FakeTaskManager::tell(const runtime::ExecutionId& execution) {
  for (const auto& [task, update] : std::map(said_[execution])) {
    send(std::vector{update});
  }
  if (const auto exited = exited_.find(execution); exited != exited_.end()) {
    send(runtime::WorkerExited(exited->second));
  }
  post([this, execution] {
    world_.dispatcher->told(registration_.id, connection_.get(), execution);
  });
}

void FakeTaskManager::gaveUp(const runtime::ExecutionId& execution) {
  const runtime::ExecutionId copy = execution;  // May be of the entry that goes.
  undecided_.erase(copy);
  if (workers_.erase(copy) > 0 || connection_ != nullptr) {
    send(runtime::WorkerExited{copy, true, ""});
  }
  said_.erase(copy);
  exited_.erase(copy);
}

void FakeTaskManager::kill(bool noticed) {
  if (connection_ == nullptr) {
    return;
  }
  workers_.clear();
  said_.clear();
  exited_.clear();
  undecided_.clear();
  lost_ = 0;
  connection_->cut();
  if (noticed) {
    world_.dispatcher->taskManagerLost(registration_.id, connection_.get(), "connection closed");
  }
  connection_.reset();
  timers_.clear();
  executor_->shutdown();
}

void FakeTaskManager::killWorker() {
  if (workers_.empty()) {
    return;
  }
  auto victim = workers_.begin();
  std::advance(victim, static_cast<std::ptrdiff_t>(world_.random.below(workers_.size())));
  end(victim->first, false, "killed by signal 9");
}

void FakeTaskManager::after(Duration delay, std::function<void()> task) {
  auto timer = std::make_shared<std::unique_ptr<concurrency::Executor::Timer>>();
  std::weak_ptr<std::unique_ptr<concurrency::Executor::Timer>> weak = timer;
  timers_.insert(timer);
  *timer = executor_->schedule(delay, [this, weak, task = std::move(task)] {
    auto self = weak.lock();
    timers_.erase(self);
    task();
  });
}

void FakeTaskManager::send(runtime::TaskManagerReport report) {
  note(report);
  const int times = world_.chance(world_.faults.duplicate) ? 2 : 1;
  post([this, report = std::move(report), times] {
    for (int i = 0; i < times; ++i) {
      world_.dispatcher->report(registration_.id, connection_.get(), report);
    }
  });
}

/// What is under way ends with its session.
void FakeTaskManager::post(std::function<void()> delivery) {
  if (connection_ == nullptr) {
    return;
  }
  const SteadyTime due = std::max(world_.time.now() + world_.delay(), last_sent_ + Duration(1));
  last_sent_ = due;
  after(due - world_.time.now(), [this, by = connection_, delivery = std::move(delivery)] {
    if (by == connection_) {
      delivery();
    }
  });
}

void FakeTaskManager::handle(const runtime::TaskManagerOrder& order) {
  if (const runtime::ExecutionId* about = runtime::executionOf(order);
      about != nullptr && undecided_.contains(*about)) {
    world_.violations.push_back("a leader gives orders to an attempt that it has not adopted");
  }
  if (const auto* deployment = std::get_if<runtime::Deployment>(&order)) {
    deploy(*deployment);
  } else if (const auto* discards = std::get_if<runtime::DiscardHandles>(&order)) {
    auto worker = std::make_unique<Worker>();
    worker->deployment.execution = discards->execution;
    workers_[discards->execution] = std::move(worker);
    discardHandles(*discards);
  } else if (const auto* cancel = std::get_if<runtime::CancelOrder>(&order)) {
    end(cancel->execution, true, "cancelled");
  } else if (const auto* probe_order = std::get_if<runtime::ProbeOrder>(&order)) {
    probe(*probe_order);
  } else if (const auto* discard = std::get_if<runtime::DiscardOrder>(&order)) {
    mayDiscard(*discard);
  } else if (const auto* finish = std::get_if<runtime::FinishOrder>(&order)) {
    this->finish(finish->execution);
  } else if (const auto* trigger_order = std::get_if<runtime::TriggerOrder>(&order)) {
    trigger(*trigger_order);
  } else if (const auto* notify = std::get_if<runtime::NotifyOrder>(&order)) {
    abort(*notify);
  }
}

void FakeTaskManager::abort(const runtime::NotifyOrder& notify) {
  const auto found = workers_.find(notify.execution);
  if (found == workers_.end() || notify.completed) {
    return;
  }
  Worker& worker = *found->second;
  std::erase_if(worker.halted, [&](const auto& one) { return one.second == notify.checkpoint; });
  worker.aborted.insert(notify.checkpoint.value());
  for (auto& [counter, blocked] : worker.blocked) {
    std::erase_if(blocked,
                  [&](const auto& one) { return one.second == notify.checkpoint.value(); });
  }
}

/// Barriers of older and of aborted checkpoints hold nothing up.
void FakeTaskManager::align(Worker& worker,
                            std::uint32_t counter,
                            std::uint32_t source,
                            std::uint64_t barrier) {
  auto& blocked = worker.blocked[counter];
  const bool late =
      std::ranges::any_of(blocked, [&](const auto& one) { return one.second > barrier; });
  if (late || worker.aborted.contains(barrier)) {
    return;
  }
  std::erase_if(blocked, [&](const auto& one) { return one.second < barrier; });
  blocked[source] = barrier;
}

// By value: the caller's id may be the key of the entry that goes.
void FakeTaskManager::finish(runtime::ExecutionId execution) {
  auto found = workers_.find(execution);
  if (found == workers_.end()) {
    return;
  }
  const Worker& worker = *found->second;
  const bool only_commits = worker.deployment.stopped || worker.plane->stopping;
  for (const runtime::TaskId& task : worker.tasks) {
    if (!worker.input_ended.contains(task) && !only_commits) {
      world_.violations.push_back("a task was told to finish before its input ended");
    }
    runtime::TaskUpdate update;
    update.execution = execution;
    update.task = task;
    update.state = TaskState::kFinished;
    update.input_ended = true;
    send(std::vector{update});
  }
  ModelState& last = world_.finals[execution];
  last.positions.insert(worker.positions.begin(), worker.positions.end());
  for (const auto& [counter, counts] : worker.counts) {
    last.counts.insert(counts.begin(), counts.end());
  }
  end(execution, true, "");
}

void FakeTaskManager::trigger(const runtime::TriggerOrder& order) {
  auto found = workers_.find(order.execution);
  if (found == workers_.end()) {
    return;
  }
  Worker& worker = *found->second;
  const CheckpointId id = order.order.checkpoint;
  if (worker.deployment.stopped) {
    world_.violations.push_back("a job that has stopped is asked for a checkpoint");
  }
  for (const auto& [source, position] : worker.positions) {
    if (order.order.stop == runtime::StopMode::kDrain) {
      endSource(worker, source);
    }
    for (std::uint32_t counter = 0; counter < worker.model.counters; ++counter) {
      worker.plane->channels[{source, counter}].push_back({Item::Kind::kBarrier, id.value()});
    }
    if (order.order.stop != runtime::StopMode::kNone) {
      worker.plane->stopping = true;
      worker.halted[source] = id;
    }
    snapshot(worker,
             {worker.deployment.graph->vertices[0].id, source},
             id,
             "s " + std::to_string(source) + " " + std::to_string(position) + "\n");
  }
}

void FakeTaskManager::probe(const runtime::ProbeOrder& order) {
  runtime::ProbeResult result;
  result.id = order.id;
  auto content = fs::readAll(world_.files, fs::join(order.directory, order.expected_file));
  if (!content || *content != order.expected_content) {
    result.error = "cannot read the probe";
  } else if (Status written = fs::writeAll(
                 world_.files, fs::join(order.directory, order.write_file), order.write_content);
             !written) {
    result.error = written.error().message();
  }
  send(result);
}

void FakeTaskManager::deploy(const runtime::Deployment& deployment) {
  auto worker = std::make_unique<Worker>();
  worker->deployment = deployment;
  worker->model.sources = deployment.graph->vertices[0].parallelism;
  worker->model.counters = deployment.graph->vertices[1].parallelism;
  worker->model.records = std::stoull(deployment.graph->operators[0].payload);
  worker->model.handles = deployment.graph->operators[1].custom_handles;
  auto& plane = (*planes_)[deployment.execution];
  if (plane == nullptr) {
    plane = std::make_shared<DataPlane>();
  }
  worker->plane = plane;
  for (std::uint32_t vertex = 0; vertex < 2; ++vertex) {
    for (std::uint32_t subtask = 0; subtask < deployment.placement[vertex].size(); ++subtask) {
      if (deployment.placement[vertex][subtask] != deployment.self) {
        continue;
      }
      worker->tasks.push_back({deployment.graph->vertices[vertex].id, subtask});
      if (vertex == 0) {
        worker->positions[subtask] = 0;
      } else {
        worker->counts[subtask];
      }
    }
  }
  auto restored = readState(world_.files, deployment.restores);
  if (!restored) {
    world_.violations.push_back("restore: " + restored.error().message());
    return;
  }
  if (world_.holdsDiscarded(*restored)) {
    world_.violations.push_back("a job is restored with a state handle that was discarded");
  }
  for (const auto& [source, position] : restored->positions) {
    worker->positions[source] = position;
  }
  for (const auto& [key, count] : restored->counts) {
    worker->counts[worker->model.counterOf(key)][key] = count;
  }
  for (const runtime::TaskId& task : worker->tasks) {
    runtime::TaskUpdate update;
    update.execution = deployment.execution;
    update.task = task;
    send(std::vector{update});
  }
  workers_[deployment.execution] = std::move(worker);
  if (deployment.graph->operators[0].payload.ends_with(kCrashes)) {
    after(world_.delay(), [this, execution = deployment.execution] {
      if (workers_.contains(execution)) {
        end(execution, false, "killed by signal 11");
      }
    });
  }
  keepTicking(deployment.execution);
}

void FakeTaskManager::keepTicking(const runtime::ExecutionId& execution) {
  auto again = std::make_shared<std::function<void()>>();
  *again = [this, execution, weak = std::weak_ptr<std::function<void()>>(again)] {
    auto found = workers_.find(execution);
    if (found == workers_.end()) {
      return;
    }
    if (world_.chance(world_.faults.kill_worker)) {
      end(execution, false, "killed by signal 11");
      return;
    }
    tick(*found->second);
    if (auto self = weak.lock()) {
      after(kTick, [self] { (*self)(); });
    }
  };
  after(world_.delay(), [again] { (*again)(); });
}

void FakeTaskManager::endInput(Worker& worker, const runtime::TaskId& task) {
  if (worker.input_ended.insert(task).second) {
    runtime::TaskUpdate update;
    update.execution = worker.deployment.execution;
    update.task = task;
    update.input_ended = true;
    send(std::vector{update});
  }
}

void FakeTaskManager::endSource(Worker& worker, std::uint32_t source) {
  const runtime::TaskId task{worker.deployment.graph->vertices[0].id, source};
  if (worker.input_ended.contains(task)) {
    return;
  }
  for (std::uint32_t counter = 0; counter < worker.model.counters; ++counter) {
    worker.plane->channels[{source, counter}].push_back({Item::Kind::kEnd, 0});
  }
  endInput(worker, task);
}

void FakeTaskManager::tick(Worker& worker) {
  const auto& vertices = worker.deployment.graph->vertices;
  for (auto& [source, position] : worker.positions) {
    if (worker.deployment.stopped || worker.halted.contains(source)) {
      continue;
    }
    if (position < worker.model.records) {
      const std::uint64_t key = Model::keyOf(source, position++);
      worker.plane->channels[{source, worker.model.counterOf(key)}].push_back(
          {Item::Kind::kRecord, key});
    } else {
      endSource(worker, source);
    }
  }
  for (auto& [counter, counts] : worker.counts) {
    const runtime::TaskId task{vertices[1].id, counter};
    auto& blocked = worker.blocked[counter];
    for (bool progress = true; progress;) {
      progress = false;
      for (std::uint32_t source = 0; source < worker.model.sources; ++source) {
        auto& channel = worker.plane->channels[{source, counter}];
        while (!channel.empty() && !blocked.contains(source)) {
          const Item item = channel.front();
          channel.pop_front();
          progress = true;
          if (item.kind == Item::Kind::kRecord) {
            ++counts[item.value];
          } else if (item.kind == Item::Kind::kEnd) {
            worker.ended[counter].insert(source);
          } else {
            align(worker, counter, source, item.value);
          }
        }
      }
      if (blocked.size() == worker.model.sources) {
        std::string state;
        if (worker.model.handles) {
          state = "h " + std::to_string(++world_.last_handle) + " 0\n";
        }
        for (const auto& [key, count] : counts) {
          state += "k " + std::to_string(key) + " " + std::to_string(count) + "\n";
        }
        snapshot(worker, task, CheckpointId(blocked.begin()->second), std::move(state));
        blocked.clear();
        progress = true;
      }
    }
    if (worker.ended[counter].size() == worker.model.sources) {
      endInput(worker, task);
    }
  }
}

void FakeTaskManager::snapshot(Worker& worker,
                               const runtime::TaskId& task,
                               CheckpointId id,
                               std::string state) {
  const runtime::ExecutionId execution = worker.deployment.execution;
  if (world_.chance(world_.faults.decline)) {
    send(runtime::CheckpointDecline{execution, id, task, "told to by the simulation"});
    return;
  }
  const std::string path = worker.deployment.storage.directory + "/chk-" +
                           std::to_string(id.value()) + "/" + task.vertex.hex().substr(0, 8) + "-" +
                           std::to_string(task.subtask) + "-" +
                           std::to_string(execution.attempt.value()) + "-" + world_.random.hex(8);
  const bool finished = worker.input_ended.contains(task);
  after(world_.delay() * 3, [this, execution, path, id, task, finished, state = std::move(state)] {
    if (!workers_.contains(execution)) {
      return;
    }
    if (Status written = fs::writeAll(world_.files, path, state); !written) {
      send(runtime::CheckpointDecline{execution, id, task, written.error().message()});
      return;
    }
    after(world_.delay(), [this, execution, path, id, task, finished, size = state.size()] {
      if (!workers_.contains(execution)) {
        return;
      }
      runtime::OperatorSnapshot snapshot;
      snapshot.id = task.vertex;
      if (size > 0) {
        snapshot.handle.storage = runtime::SectionHandle::Storage::kFile;
        snapshot.handle.location = path;
        snapshot.handle.size = size;
      }
      runtime::CheckpointAck ack;
      ack.execution = execution;
      ack.checkpoint = id;
      ack.task = task;
      ack.finished = finished;
      ack.operators.push_back(std::move(snapshot));
      send(std::move(ack));
    });
  });
}

// By value: the caller's id may be the key of the entry that goes.
void FakeTaskManager::end(runtime::ExecutionId execution, bool expected, const std::string& cause) {
  if (workers_.erase(execution) == 0) {
    return;
  }
  runtime::WorkerExited exited;
  exited.execution = execution;
  exited.expected = expected;
  exited.cause = cause;
  send(exited);
}

}  // namespace weir::sim
