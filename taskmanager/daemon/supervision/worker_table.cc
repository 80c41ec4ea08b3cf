#include "taskmanager/daemon/supervision/worker_table.h"

#include <algorithm>
#include <utility>

namespace weir::taskmanager {

const runtime::ExecutionId& executionOf(const Work& work) {
  return std::visit([](const auto& one) -> const runtime::ExecutionId& { return one.execution; },
                    work);
}

WorkerTable::WorkerTable(const WorkerLaunch::Environment& environment,
                         WorkDirectory& directory,
                         const WorkerSettings& settings,
                         WorkerListener& listener,
                         std::uint32_t slots)
    : environment_(environment),
      directory_(directory),
      settings_(settings),
      listener_(listener),
      slots_(slots),
      orphans_(directory.name(), questions()) {}

Orphans::Questions WorkerTable::questions() const {
  return {[this](pid_t pid) {
            return std::ranges::any_of(
                workers_, [&](const auto& entry) { return entry.second->pid() == pid; });
          },
          [this](pid_t pid) {
            return std::ranges::any_of(workers_, [&](const auto& entry) {
              return environmentHas(pid, kWorkerMark, directory_.ofAttempt(entry.first));
            });
          }};
}

SupervisedWorker* WorkerTable::find(const runtime::ExecutionId& execution) const {
  const auto found = workers_.find(execution);
  return found == workers_.end() ? nullptr : found->second.get();
}

Result<SupervisedWorker*> WorkerTable::add(Work work) {
  const runtime::ExecutionId execution = executionOf(work);
  const auto* deployment = std::get_if<runtime::Deployment>(&work);
  WEIR_RETURN_IF_ERROR(slots_.take(execution, deployment == nullptr ? 0 : deployment->slots));
  if (Status restored = directory_.restore(); !restored) {
    slots_.giveBack(execution);
    return std::move(restored).error();
  }
  auto worker = std::make_unique<SupervisedWorker>(
      environment_, settings_, listener_, directory_.ofAttempt(execution), std::move(work));
  worker->setReading(!held_);
  worker->renewLease(lease_until_);
  return workers_.emplace(execution, std::move(worker)).first->second.get();
}

void WorkerTable::remove(const runtime::ExecutionId& execution) {
  orphans_.expect();  // What it left behind, killed by now, must be waited for.
  workers_.erase(execution);
  slots_.giveBack(execution);
}

void WorkerTable::forEach(const std::function<void(SupervisedWorker&)>& call) const {
  for (const auto& [execution, worker] : workers_) {
    call(*worker);
  }
}

void WorkerTable::setHeld(bool held) {
  held_ = held;
  forEach([held](SupervisedWorker& worker) { worker.setReading(!held); });
}

void WorkerTable::renewLeases(std::int64_t until) {
  lease_until_ = until;
  forEach([until](SupervisedWorker& worker) { worker.renewLease(until); });
}

void WorkerTable::look() {
  if (!workers_.empty() || orphans_.mayBeThere()) {
    const ProcessTable table = ProcessTable::read();
    forEach([&table](SupervisedWorker& worker) { worker.checkMemory(table); });
    orphans_.reap(table);
  }
  if (environment_.groups != nullptr) {
    environment_.groups->removeDead();
  }
}

PeerRouting WorkerTable::route(const worker::DataHello& hello, UniqueFd& socket) const {
  for (const auto& [execution, worker] : workers_) {
    if (execution.job != hello.job || execution.attempt != hello.attempt) {
      continue;
    }
    if (worker::helloToken(worker->assignment().token) != hello.token ||
        worker->assignment().self != hello.to_worker) {
      return PeerRouting::kRefused;
    }
    if (!worker->deployed()) {
      return PeerRouting::kNotYet;
    }
    worker->connectPeer(hello, std::move(socket));
    return PeerRouting::kTaken;
  }
  return PeerRouting::kNotYet;
}

}  // namespace weir::taskmanager
