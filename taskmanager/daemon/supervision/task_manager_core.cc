#include "taskmanager/daemon/supervision/task_manager_core.h"

#include <algorithm>
#include <utility>

#include "common/base/lease.h"
#include "common/base/overloaded.h"
#include "common/telemetry/log.h"

namespace weir::taskmanager {

namespace {

constexpr std::uint64_t kMostUploading = std::uint64_t{64} << 20;  // Before workers are held back.

}  // namespace

TaskManagerCore::TaskManagerCore(Environment environment, CoreSettings settings)
    : environment_(std::move(environment)),
      settings_(std::move(settings)),
      slots_(settings_.registration.slots),
      reports_(environment_.loop, environment_.link, [this] { hold(); }),
      acknowledgements_(environment_.loop,
                        environment_.pool,
                        environment_.transport,
                        reports_,
                        {[this](const runtime::ExecutionId& execution, OperatorId id) {
                           return nameOf(execution, id);
                         },
                         [this] { hold(); }}),
      probes_(environment_.loop, environment_.probes, environment_.files, settings_.worker.host),
      orphans_(environment_.directory.name(),
               {[this](pid_t pid) {
                  return std::ranges::any_of(
                      workers_, [&](const auto& entry) { return entry.second->pid() == pid; });
                },
                [this](pid_t pid) {
                  return std::ranges::any_of(workers_, [&](const auto& entry) {
                    return environmentHas(
                        pid, kWorkerMark, environment_.directory.ofAttempt(entry.first));
                  });
                }}) {}

TaskManagerCore::~TaskManagerCore() = default;

void TaskManagerCore::start(DataPort& data_port) {
  data_port_ = &data_port;
  settings_.registration.data_port = data_port.port();
  watchMemory();
  openSession();
}

void TaskManagerCore::openSession() {
  settings_.registration.free_memory = environment_.free_memory();
  environment_.link.open(settings_.registration, *this);
}

void TaskManagerCore::stop(std::function<void()> stopped) {
  stopped_ = std::move(stopped);
  stopping_ = true;
  for (auto& [execution, worker] : workers_) {
    worker->cancel(settings_.stop_grace);
  }
  onIdle();
}

void TaskManagerCore::onIdle() {
  if (!workers_.empty()) {
    return;
  }
  if (stopped_) {
    reports_.flush();
    environment_.link.close();
    std::exchange(stopped_, nullptr)();
  } else if (std::exchange(lost_, false)) {
    openSession();
  }
}

// ------------------------------------------------------------------------------------ the session

void TaskManagerCore::onRegistered(const SessionTerms& terms) {
  ++session_;
  settings_.worker.most_report = terms.most_message / 2;
  acknowledgements_.beginSession();
  beats_.begin(terms);
  reports_.open(settings_.worker.most_report);
  log::info("registered", {{"id", settings_.registration.id.hex()}, {"slots", slots_.total()}});
  heartbeat();
}

void TaskManagerCore::onLost(const std::string& reason) {
  log::warn("lost the job manager, killing what runs: it may run elsewhere by now",
            {{"reason", reason}, {"workers", workers_.size()}});
  reports_.close();
  lost_ = true;
  newest_epoch_ = LeaderEpoch();
  heartbeat_timer_.reset();
  environment_.cache.releaseAll();
  for (auto& [execution, worker] : workers_) {
    worker->kill();
  }
  hold();
  onIdle();
}

void TaskManagerCore::onGivenUp(const Error& error) { environment_.on_given_up(error); }

void TaskManagerCore::heartbeat() {
  reports_.send(runtime::Heartbeat{
      beats_.send(nanosSinceBoot()), environment_.free_memory(), slots_.holders()});
  for (auto& [execution, worker] : workers_) {
    worker->beat(beats_.terms());
    worker->renewLease(beats_.leaseUntil());
  }
  heartbeat_timer_ =
      environment_.loop.schedule(beats_.terms().heartbeat_interval, [this] { heartbeat(); });
}

void TaskManagerCore::onHeard(std::uint64_t heartbeat) {
  if (!beats_.heard(heartbeat)) {
    return;
  }
  for (auto& [execution, worker] : workers_) {
    worker->renewLease(beats_.leaseUntil());
  }
}

void TaskManagerCore::onRoom() { hold(); }

void TaskManagerCore::hold() {
  const bool held = reports_.isOpen() &&
                    (!environment_.link.hasRoom() || acknowledgements_.bytes() > kMostUploading);
  if (std::exchange(held_, held) == held) {
    return;
  }
  for (auto& [execution, worker] : workers_) {
    worker->setReading(!held);
  }
}

// ----------------------------------------------------------------------------------------- orders

void TaskManagerCore::onOrder(runtime::TaskManagerOrder order) {
  std::visit(
      Overloaded{[this](runtime::Deployment& deployment) { start(std::move(deployment)); },
                 [this](runtime::DiscardHandles& discards) { start(std::move(discards)); },
                 [this](runtime::CancelOrder& cancelled) { cancel(cancelled.execution); },
                 [this](runtime::FinishOrder& finish) { forward(finish.execution, finish); },
                 [this](runtime::TriggerOrder& trigger) { forward(trigger.execution, trigger); },
                 [this](runtime::NotifyOrder& notify) {
                   if (!notify.completed) {
                     acknowledgements_.abort(notify.execution, notify.checkpoint);
                   }
                   forward(notify.execution, notify);
                 },
                 [this](runtime::DiscardOrder& discard) { forward(discard.execution, discard); },
                 [this](runtime::ProbeOrder& asked) { probe(std::move(asked)); },
                 [this](runtime::ReleaseBlobsOrder& release) { releaseBlobs(release.job); }},
      order);
}

void TaskManagerCore::releaseBlobs(JobId job) {
  environment_.cache.release(job);
  environment_.cache.dropUnusedSince(environment_.clock.now() - settings_.unused_blobs);
}

SupervisedWorker* TaskManagerCore::find(const runtime::ExecutionId& execution) {
  const auto found = workers_.find(execution);
  return found == workers_.end() ? nullptr : found->second.get();
}

void TaskManagerCore::start(Work work) {
  const runtime::ExecutionId execution =
      std::visit([](const auto& one) { return one.execution; }, work);
  if (workers_.contains(execution)) {
    return;  // Told twice.
  }
  if (const std::string refusal = refusalOf(work); !refusal.empty()) {
    return refuse(execution, "is not deployed on " + settings_.worker.host + ": " + refusal);
  }
  newest_epoch_ = execution.epoch;
  if (const Status restored = environment_.directory.restore(); !restored) {
    slots_.giveBack(execution);
    refuse(execution,
           "cannot be prepared on " + settings_.worker.host + ": " + restored.error().text());
    environment_.on_given_up(Error(restored.error()).during("cannot go on"));
    return;
  }
  auto worker =
      std::make_unique<SupervisedWorker>(SupervisedWorker::Environment{environment_.loop,
                                                                       environment_.pool,
                                                                       environment_.cache,
                                                                       environment_.transport,
                                                                       environment_.groups},
                                         settings_.worker,
                                         *this,
                                         environment_.directory.ofAttempt(execution),
                                         std::move(work));
  worker->setReading(!held_);
  worker->renewLease(beats_.leaseUntil());
  SupervisedWorker& started = *worker;
  workers_.emplace(execution, std::move(worker));
  started.start();
}

/// Takes the slots when there is no reason against it.
std::string TaskManagerCore::refusalOf(const Work& work) {
  const runtime::ExecutionId execution =
      std::visit([](const auto& one) { return one.execution; }, work);
  if (execution.epoch < newest_epoch_) {
    return "a newer job manager has taken over";
  }
  if (stopped_) {
    return "the task manager is stopping";
  }
  const auto* deployment = std::get_if<runtime::Deployment>(&work);  // Discards take no slot.
  const Status taken = slots_.take(execution, deployment == nullptr ? 0 : deployment->slots);
  return taken ? "" : taken.error().text();
}

void TaskManagerCore::refuse(const runtime::ExecutionId& execution, const std::string& why) {
  reports_.send(runtime::WorkerExited{execution, false, "job " + execution.job.hex() + " " + why});
}

void TaskManagerCore::cancel(const runtime::ExecutionId& execution) {
  if (SupervisedWorker* worker = find(execution)) {
    worker->cancel();
  } else {
    reports_.send(
        runtime::WorkerExited{execution, true, ""});  // It has ended before, or never came.
  }
}

void TaskManagerCore::forward(const runtime::ExecutionId& execution, runtime::WorkerOrder order) {
  if (SupervisedWorker* worker = find(execution)) {
    worker->send(std::move(order));
  }
}

void TaskManagerCore::probe(runtime::ProbeOrder order) {
  probes_.start(std::move(order), [this, session = session_](runtime::ProbeResult result) {
    if (session == session_) {
      reports_.send(std::move(result));
    }
  });
}

// ---------------------------------------------------------------------------------------- workers

void TaskManagerCore::onDeployed(const runtime::ExecutionId& /*execution*/) {
  if (data_port_ != nullptr) {
    data_port_->retry();
  }
}

void TaskManagerCore::onReport(const runtime::ExecutionId& /*execution*/,
                               runtime::WorkerReport report) {
  std::visit(
      Overloaded{
          [this](runtime::TaskUpdate& update) { onUpdate(std::move(update)); },
          [](runtime::CheckpointAck&) {},  // It comes to onAck().
          [this](runtime::CheckpointDecline& decline) { reports_.send(std::move(decline)); },
          [this](runtime::HandleDiscarded& discarded) { reports_.send(std::move(discarded)); },
          // These are between the worker and its supervisor.
          [](runtime::WorkerHello&) {},
          [](runtime::WorkerFailed&) {},
          [](runtime::LeaseTaken&) {}},
      report);
}

void TaskManagerCore::onAck(runtime::EncodedAck ack) {
  const auto storage = find(ack.execution)->assignment().storage;
  acknowledgements_.add(storage, std::move(ack));
}

void TaskManagerCore::onUpdate(runtime::TaskUpdate update) {
  if (stopping_ && update.state == runtime::TaskState::kCanceled && update.cause.empty()) {
    update.cause = "the task manager on " + settings_.worker.host + " is being stopped";
  }
  reports_.add(std::move(update));
}

std::string TaskManagerCore::nameOf(const runtime::ExecutionId& execution, OperatorId id) {
  const SupervisedWorker* worker = find(execution);
  return worker == nullptr ? id.hex() : worker->assignment().nameOf(id);
}

void TaskManagerCore::onEnded(const runtime::WorkerExited& exited) {
  // The worker is calling us: it goes, and its slots with it, when it has returned.
  environment_.loop.post([this, exited = exited]() mutable {
    if (stopping_ && exited.cause.empty()) {
      exited.cause = "its task manager is being stopped";
    }
    acknowledgements_.abort(exited.execution);
    orphans_.expect();  // What it left behind, killed by now, must be waited for.
    workers_.erase(exited.execution);
    slots_.giveBack(exited.execution);
    if (!lost_) {
      reports_.send(exited);
    }
    onIdle();
  });
}

void TaskManagerCore::watchMemory() {
  if (!workers_.empty() || orphans_.mayBeThere()) {
    const ProcessTable table = ProcessTable::read();
    for (auto& [execution, worker] : workers_) {
      worker->checkMemory(table);
    }
    orphans_.reap(table);
  }
  if (environment_.groups != nullptr) {
    environment_.groups->removeDead();
  }
  memory_timer_ = environment_.loop.schedule(settings_.memory_check, [this] { watchMemory(); });
}

PeerRouting TaskManagerCore::route(const worker::DataHello& hello, UniqueFd& socket) {
  for (auto& [execution, worker] : workers_) {
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
