#include "taskmanager/daemon/supervision/task_manager_core.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

#include "common/base/lease.h"
#include "common/runtime/report_limits.h"
#include "common/telemetry/log.h"

namespace weir::taskmanager {

namespace {

constexpr std::uint64_t kMostBatchBytes = 1 << 20;                 // Of updates in one message.
constexpr std::uint64_t kMostUploading = std::uint64_t{64} << 20;  // Before workers are held back.
constexpr std::size_t kMostProbes = 64;                            // That have not come back.

}  // namespace

TaskManagerCore::TaskManagerCore(Environment environment, CoreSettings settings)
    : environment_(std::move(environment)),
      settings_(std::move(settings)),
      slots_(settings_.registration.slots),
      uploads_(environment_.loop, environment_.pool, environment_.transport) {}

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
    flushUpdates();
    environment_.link.close();
    std::exchange(stopped_, nullptr)();
  } else if (std::exchange(lost_, false)) {
    openSession();
  }
}

// ------------------------------------------------------------------------------------ the session

void TaskManagerCore::onRegistered(const SessionTerms& terms) {
  ++session_;
  registered_ = true;
  terms_ = terms;
  settings_.worker.most_report = terms.most_message / 2;
  sent_.clear();
  lease_until_ = terms.asked_at + terms.heartbeat_timeout.count();
  log::info("registered", {{"id", settings_.registration.id.hex()}, {"slots", slots_.total()}});
  heartbeat();
}

void TaskManagerCore::onLost(const std::string& reason) {
  log::warn("lost the job manager, killing what runs: it may run elsewhere by now",
            {{"reason", reason}, {"workers", workers_.size()}});
  registered_ = false;
  lost_ = true;
  newest_epoch_ = LeaderEpoch();
  heartbeat_timer_.reset();
  updates_.clear();
  environment_.cache.releaseAll();
  for (auto& [execution, worker] : workers_) {
    worker->kill();
  }
  hold();
  onIdle();
}

void TaskManagerCore::onGivenUp(const Error& error) { environment_.on_given_up(error); }

void TaskManagerCore::heartbeat() {
  sent_.emplace(++heartbeats_, nanosSinceBoot());
  report(runtime::Heartbeat{heartbeats_, environment_.free_memory(), slots_.holders()});
  for (auto& [execution, worker] : workers_) {
    worker->beat(terms_);
    worker->renewLease(lease_until_);
  }
  heartbeat_timer_ = environment_.loop.schedule(terms_.heartbeat_interval, [this] { heartbeat(); });
}

void TaskManagerCore::onHeard(std::uint64_t heartbeat) {
  const auto sent = sent_.find(heartbeat);
  if (sent == sent_.end()) {
    return;
  }
  lease_until_ = sent->second + terms_.heartbeat_timeout.count();
  sent_.erase(sent_.begin(), std::next(sent));
  for (auto& [execution, worker] : workers_) {
    worker->renewLease(lease_until_);
  }
}

void TaskManagerCore::report(runtime::TaskManagerReport report) {
  flushUpdates();
  if (registered_) {
    environment_.link.send(std::move(report));
    hold();
  }
}

void TaskManagerCore::flushUpdates() {
  std::vector<runtime::TaskUpdate> batch;
  std::uint64_t bytes = 0;
  const auto send = [&] {
    if (!batch.empty()) {
      environment_.link.send(std::exchange(batch, {}));
    }
    bytes = 0;
  };
  for (runtime::TaskUpdate& update : std::exchange(updates_, {})) {
    if (!registered_) {
      return;
    }
    const std::uint64_t more = runtime::bytesOf(update);
    if (bytes + more > std::min(kMostBatchBytes, settings_.worker.most_report)) {
      send();
    }
    bytes += more;
    batch.push_back(std::move(update));
  }
  send();
  hold();
}

void TaskManagerCore::onRoom() { hold(); }

void TaskManagerCore::hold() {
  const bool held =
      registered_ && (!environment_.link.hasRoom() || uploads_.bytes() > kMostUploading);
  if (std::exchange(held_, held) == held) {
    return;
  }
  for (auto& [execution, worker] : workers_) {
    worker->setReading(!held);
  }
}

// ----------------------------------------------------------------------------------------- orders

void TaskManagerCore::onOrder(runtime::TaskManagerOrder order) {
  if (auto* deployment = std::get_if<runtime::Deployment>(&order)) {
    deploy(std::move(*deployment));
  } else if (const auto* cancelled = std::get_if<runtime::CancelOrder>(&order)) {
    cancel(cancelled->execution);
  } else if (const auto* finish = std::get_if<runtime::FinishOrder>(&order)) {
    forward(finish->execution, *finish);
  } else if (auto* trigger = std::get_if<runtime::TriggerOrder>(&order)) {
    forward(runtime::ExecutionId(trigger->execution), std::move(*trigger));
  } else if (const auto* notify = std::get_if<runtime::NotifyOrder>(&order)) {
    if (!notify->completed) {
      uploads_.abort(notify->execution, notify->checkpoint);
    }
    forward(notify->execution, *notify);
  } else if (const auto* discard = std::get_if<runtime::DiscardOrder>(&order)) {
    forward(discard->execution, *discard);
  } else if (auto* asked = std::get_if<runtime::ProbeOrder>(&order)) {
    probe(std::move(*asked));
  } else if (const auto* release = std::get_if<runtime::ReleaseBlobsOrder>(&order)) {
    environment_.cache.release(release->job);
    environment_.cache.dropUnusedSince(environment_.clock.now() - settings_.unused_blobs);
  }
}

Worker* TaskManagerCore::find(const runtime::ExecutionId& execution) {
  const auto found = workers_.find(execution);
  return found == workers_.end() ? nullptr : found->second.get();
}

void TaskManagerCore::deploy(runtime::Deployment deployment) {
  const runtime::ExecutionId execution = deployment.execution;
  if (workers_.contains(execution)) {
    return;  // Told twice.
  }
  std::string refusal;
  if (execution.epoch < newest_epoch_) {
    refusal = "a newer job manager has taken over";
  } else if (stopped_) {
    refusal = "the task manager is stopping";
  } else if (const Status taken =
                 slots_.take(execution, deployment.discards_handles ? 0 : deployment.slots);
             !taken) {
    refusal = taken.error().text();
  }
  if (!refusal.empty()) {
    report(runtime::WorkerExited{execution,
                                 false,
                                 "job " + execution.job.hex() + " is not deployed on " +
                                     settings_.worker.host + ": " + refusal});
    return;
  }
  newest_epoch_ = execution.epoch;
  if (const Status restored = environment_.directory.restore(); !restored) {
    slots_.giveBack(execution);
    report(runtime::WorkerExited{execution,
                                 false,
                                 "job " + execution.job.hex() + " cannot be prepared on " +
                                     settings_.worker.host + ": " + restored.error().text()});
    environment_.on_given_up(Error(restored.error()).during("cannot go on"));
    return;
  }
  auto worker = std::make_unique<Worker>(Worker::Environment{environment_.loop,
                                                             environment_.pool,
                                                             environment_.cache,
                                                             environment_.transport,
                                                             environment_.groups},
                                         settings_.worker,
                                         *this,
                                         environment_.directory.ofAttempt(execution),
                                         std::move(deployment));
  worker->setReading(!held_);
  worker->renewLease(lease_until_);
  Worker& started = *worker;
  workers_.emplace(execution, std::move(worker));
  started.start();
}

void TaskManagerCore::cancel(const runtime::ExecutionId& execution) {
  if (Worker* worker = find(execution)) {
    worker->cancel();
  } else {
    report(runtime::WorkerExited{execution, true, ""});  // It has ended before, or never came.
  }
}

void TaskManagerCore::forward(const runtime::ExecutionId& execution, runtime::WorkerOrder order) {
  if (Worker* worker = find(execution)) {
    worker->send(std::move(order));
  }
}

void TaskManagerCore::probe(runtime::ProbeOrder order) {
  if (probing_ >= kMostProbes) {
    report(runtime::ProbeResult{order.id,
                                settings_.worker.host + ": " + std::to_string(probing_) +
                                    " probes of directories have not come back; its file system "
                                    "hangs"});
    return;
  }
  ++probing_;
  // What comes back when the loop has ended is dropped: only then we may be gone.
  environment_.probes.post(
      [this, &files = environment_.files, &loop = environment_.loop, order, session = session_] {
        std::string error = probeDirectory(files, order);
        loop.post([this, session, id = order.id, error = std::move(error)] {
          --probing_;
          if (session == session_) {
            report(runtime::ProbeResult{id, error});
          }
        });
      });
}

// ---------------------------------------------------------------------------------------- workers

void TaskManagerCore::onDeployed(const runtime::ExecutionId& /*execution*/) {
  if (data_port_ != nullptr) {
    data_port_->retry();
  }
}

void TaskManagerCore::onReport(const runtime::ExecutionId& execution,
                               runtime::WorkerReport report_of_worker) {
  if (auto* update = std::get_if<runtime::TaskUpdate>(&report_of_worker)) {
    if (stopping_ && update->state == runtime::TaskState::kCanceled && update->cause.empty()) {
      update->cause = "the task manager on " + settings_.worker.host + " is being stopped";
    }
    updates_.push_back(std::move(*update));
    if (!std::exchange(flush_posted_, true)) {
      environment_.loop.post([this] {
        flush_posted_ = false;
        flushUpdates();
      });
    }
  } else if (auto* ack = std::get_if<runtime::CheckpointAck>(&report_of_worker)) {
    acknowledge(find(execution)->storage(), std::move(*ack));
  } else if (auto* decline = std::get_if<runtime::CheckpointDecline>(&report_of_worker)) {
    report(std::move(*decline));
  } else if (auto* discarded = std::get_if<runtime::HandleDiscarded>(&report_of_worker)) {
    report(std::move(*discarded));
  }
}

void TaskManagerCore::acknowledge(runtime::CheckpointStorage::Kind storage,
                                  runtime::CheckpointAck ack) {
  if (storage == runtime::CheckpointStorage::Kind::kJobManager &&
      StateUploads::bytesToMove(ack) > 0) {
    uploads_.start(std::move(ack), [this, session = session_](StateUploads::Outcome outcome) {
      hold();
      if (session == session_) {
        uploaded(std::move(outcome));
      }
    });
    hold();
  } else {
    reportWithinBounds(std::move(ack));
  }
}

/// The connection would break over a larger one, and all jobs here be lost.
void TaskManagerCore::reportWithinBounds(runtime::CheckpointAck ack) {
  const std::uint64_t bytes = runtime::bytesOf(ack);
  const std::uint64_t most = settings_.worker.most_report;
  if (bytes <= most) {
    report(std::move(ack));
    return;
  }
  const auto largest = std::ranges::max_element(
      ack.operators, {}, [](const auto& one) { return runtime::bytesOf(one); });
  const Worker* worker = find(ack.execution);
  report(runtime::CheckpointDecline{
      ack.execution,
      ack.checkpoint,
      ack.task,
      "what the metadata is to say of one task has " + std::to_string(bytes) +
          " bytes, more than the " + std::to_string(most) +
          " that a message to the job manager takes, most of it of operator " +
          (worker == nullptr ? largest->id.hex() : worker->nameOf(largest->id)) +
          "; lower state.backend.fs.memory-threshold or keep fewer states"});
}

/// Of a checkpoint that is declined or was aborted the job manager is told as well what it holds
/// already: it lets go of that.
void TaskManagerCore::uploaded(StateUploads::Outcome outcome) {
  const runtime::CheckpointAck& ack = outcome.ack;
  if (!outcome.status && outcome.status.error().code() != ErrorCode::kCancelled) {
    const Worker* worker = find(ack.execution);
    report(runtime::CheckpointDecline{
        ack.execution,
        ack.checkpoint,
        ack.task,
        "the state of operator " +
            (worker == nullptr ? outcome.failed.hex() : worker->nameOf(outcome.failed)) +
            " cannot be sent to the job manager: " + outcome.status.error().text()});
  }
  if (outcome.status || !ack.operators.empty()) {
    reportWithinBounds(std::move(outcome.ack));
  }
}

void TaskManagerCore::onEnded(const runtime::WorkerExited& exited) {
  // The worker is calling us: it goes, and its slots with it, when it has returned.
  environment_.loop.post([this, exited = exited]() mutable {
    if (stopping_ && exited.cause.empty()) {
      exited.cause = "its task manager is being stopped";
    }
    uploads_.abort(exited.execution);
    orphans_ = true;  // What it left behind, killed by now, must be waited for.
    workers_.erase(exited.execution);
    slots_.giveBack(exited.execution);
    if (!lost_) {
      report(exited);
    }
    onIdle();
  });
}

void TaskManagerCore::watchMemory() {
  if (!workers_.empty() || orphans_) {
    const ProcessTable table = ProcessTable::read();
    for (auto& [execution, worker] : workers_) {
      worker->checkMemory(table);
    }
    reapOrphans(table);
  }
  if (environment_.groups != nullptr) {
    environment_.groups->removeDead();
  }
  memory_timer_ = environment_.loop.schedule(settings_.memory_check, [this] { watchMemory(); });
}

/// Children that are no workers came to us when their parent, a worker or a child of it, ended.
/// Those of workers that have ended are killed; the dead must be waited for.
void TaskManagerCore::reapOrphans(const ProcessTable& table) {
  orphans_ = false;
  const std::string ours = "/" + environment_.directory.name() + "/";
  for (const ProcessInfo& one : table.all()) {
    const bool is_worker = std::ranges::any_of(
        workers_, [&](const auto& entry) { return entry.second->pid() == one.pid; });
    if (one.parent != ::getpid() || is_worker) {
      continue;
    }
    orphans_ = true;
    const bool wanted = std::ranges::any_of(workers_, [&](const auto& entry) {
      return environmentHas(one.pid, kWorkerMark, environment_.directory.ofAttempt(entry.first));
    });
    if (one.state == 'Z') {
      ::waitpid(one.pid, nullptr, WNOHANG);
    } else if (!wanted && environmentHas(one.pid, kWorkerMark, ours)) {
      ::kill(one.pid, SIGKILL);
    }
  }
}

PeerRouting TaskManagerCore::route(const worker::DataHello& hello, UniqueFd& socket) {
  for (auto& [execution, worker] : workers_) {
    if (execution.job != hello.job || execution.attempt != hello.attempt) {
      continue;
    }
    if (worker::helloToken(worker->token()) != hello.token || worker->self() != hello.to_worker) {
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

std::string probeDirectory(fs::FileSystem& files, const runtime::ProbeOrder& order) {
  const auto pathOf = [&](const std::string& name) {
    return name.find('/') == std::string::npos ? order.directory + "/" + name : name;
  };
  const std::string expected = pathOf(order.expected_file);
  const Result<std::string> content = fs::readAll(files, expected);
  if (!content) {
    return content.error().code() == ErrorCode::kNotFound
               ? "it does not show " + expected + ", which the job manager wrote"
               : content.error().text();
  }
  if (*content != order.expected_content) {
    return expected + " has not the content that the job manager wrote";
  }
  const Status written = fs::writeAll(files, pathOf(order.write_file), order.write_content);
  return written ? "" : written.error().text();
}

}  // namespace weir::taskmanager
