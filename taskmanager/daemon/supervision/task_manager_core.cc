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
      workers_({{environment_.loop, environment_.pool, environment_.cache, environment_.transport},
                environment_.groups},
               environment_.directory,
               settings_.worker,
               *this,
               settings_.registration.slots),
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
      gap_(environment_.loop, environment_.link, reports_, workers_) {}

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
  workers_.forEach([this](SupervisedWorker& worker) { worker.cancel(settings_.stop_grace); });
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
  log::info("registered",
            {{"id", settings_.registration.id.hex()}, {"slots", workers_.slots().total()}});
  newest_epoch_ = std::max(newest_epoch_, terms.epoch);
  if (!gap_.sessionBegins(terms)) {
    environment_.cache.releaseAll();
    gap_.killAll();
  }
  heartbeat();
}

void TaskManagerCore::onLost(const std::string& reason) {
  if (stopping_ || !gap_.begin(beats_.terms())) {
    return onDismissed(reason);
  }
  log::warn("lost the job manager, what runs goes on until the next one decides",
            {{"reason", reason}, {"workers", workers_.size()}});
  reports_.close();
  hold();
  openSession();
}

void TaskManagerCore::onDismissed(const std::string& reason) {
  log::warn("lost the job manager, killing what runs: it may run elsewhere by now",
            {{"reason", reason}, {"workers", workers_.size()}});
  reports_.close();
  lost_ = true;
  newest_epoch_ = LeaderEpoch();
  heartbeat_timer_.reset();
  environment_.cache.releaseAll();
  gap_.killAll();
  hold();
  onIdle();
}

void TaskManagerCore::onGivenUp(const Error& error) { environment_.on_given_up(error); }

void TaskManagerCore::heartbeat() {
  if (reports_.isOpen()) {
    reports_.send(runtime::Heartbeat{
        beats_.send(nanosSinceBoot()), environment_.free_memory(), workers_.slots().holders()});
  }
  workers_.forEach([this](SupervisedWorker& worker) { worker.beat(beats_.terms()); });
  workers_.renewLeases(reports_.isOpen() ? beats_.leaseUntil() : gap_.until());
  heartbeat_timer_ =
      environment_.loop.schedule(beats_.terms().heartbeat_interval, [this] { heartbeat(); });
}

void TaskManagerCore::onHeard(std::uint64_t heartbeat) {
  if (beats_.heard(heartbeat)) {
    workers_.renewLeases(beats_.leaseUntil());
  }
}

void TaskManagerCore::onRoom() { hold(); }

void TaskManagerCore::hold() {
  const bool held = reports_.isOpen() &&
                    (!environment_.link.hasRoom() || acknowledgements_.bytes() > kMostUploading);
  if (std::exchange(held_, held) != held) {
    workers_.setHeld(held);
  }
}

// ----------------------------------------------------------------------------------------- orders

void TaskManagerCore::onOrder(runtime::TaskManagerOrder order) {
  log::debug("obeys", {{"order", order.index()}, {"epoch", beats_.terms().epoch.value()}});
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
  gap_.ledger().forgetEnded(job);
  environment_.cache.release(job);
  environment_.cache.dropUnusedSince(environment_.clock.now() - settings_.unused_blobs);
}

void TaskManagerCore::start(Work work) {
  const runtime::ExecutionId execution = executionOf(work);
  if (workers_.find(execution) != nullptr) {
    return;  // Told twice.
  } else if (const std::string refusal = refusalOf(execution); !refusal.empty()) {
    return refuse(execution, "is not deployed on " + settings_.worker.host + ": " + refusal);
  }
  Result<SupervisedWorker*> added = workers_.add(std::move(work));
  if (added) {
    newest_epoch_ = execution.epoch;
    if (!(*added)->assignment().discards_handles) {
      gap_.ledger().begin(execution);
    }
    (*added)->start();
  } else if (added.error().code() == ErrorCode::kIo) {
    newest_epoch_ = execution.epoch;
    refuse(execution,
           "cannot be prepared on " + settings_.worker.host + ": " + added.error().text());
    environment_.on_given_up(Error(added.error()).during("cannot go on"));
  } else {
    refuse(execution, "is not deployed on " + settings_.worker.host + ": " + added.error().text());
  }
}

std::string TaskManagerCore::refusalOf(const runtime::ExecutionId& execution) const {
  if (execution.epoch < newest_epoch_) {
    return "a newer job manager has taken over";
  }
  return stopped_ ? "the task manager is stopping" : "";
}

void TaskManagerCore::refuse(const runtime::ExecutionId& execution, const std::string& why) {
  reports_.send(runtime::WorkerExited{execution, false, "job " + execution.job.hex() + " " + why});
}

void TaskManagerCore::cancel(const runtime::ExecutionId& execution) {
  if (SupervisedWorker* worker = workers_.find(execution)) {
    worker->cancel();
  } else {
    reports_.send(
        runtime::WorkerExited{execution, true, ""});  // It has ended before, or never came.
  }
}

void TaskManagerCore::forward(const runtime::ExecutionId& execution, runtime::WorkerOrder order) {
  if (SupervisedWorker* worker = workers_.find(execution)) {
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
  const auto storage = workers_.find(ack.execution)->assignment().storage;
  acknowledgements_.add(storage, std::move(ack));
}

void TaskManagerCore::onUpdate(runtime::TaskUpdate update) {
  if (stopping_ && update.state == runtime::TaskState::kCanceled && update.cause.empty()) {
    update.cause = "the task manager on " + settings_.worker.host + " is being stopped";
  }
  gap_.ledger().note(update);
  reports_.add(std::move(update));
}

std::string TaskManagerCore::nameOf(const runtime::ExecutionId& execution, OperatorId id) {
  const SupervisedWorker* worker = workers_.find(execution);
  return worker == nullptr ? id.hex() : worker->assignment().nameOf(id);
}

void TaskManagerCore::onEnded(const runtime::WorkerExited& exited) {
  // The worker is calling us: it goes, and its slots with it, when it has returned.
  environment_.loop.post([this, exited = exited]() mutable {
    if (stopping_ && exited.cause.empty()) {
      exited.cause = "its task manager is being stopped";
    }
    acknowledgements_.abort(exited.execution);
    workers_.remove(exited.execution);
    gap_.ledger().end(exited, nanosSinceBoot());
    if (!lost_) {
      reports_.send(exited);
    }
    if (!reports_.isOpen()) {
      gap_.announce();
    }
    onIdle();
  });
}

void TaskManagerCore::watchMemory() {
  workers_.look();
  memory_timer_ = environment_.loop.schedule(settings_.memory_check, [this] { watchMemory(); });
}

}  // namespace weir::taskmanager
