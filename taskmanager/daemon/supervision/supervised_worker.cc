#include "taskmanager/daemon/supervision/supervised_worker.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/config/value.h"
#include "common/telemetry/log.h"
#include "common/wire/encoding.h"
#include "taskmanager/daemon/supervision/worker_end.h"
#include "taskmanager/daemon/supervision/worker_hello.h"

namespace weir::taskmanager {

SupervisedWorker::SupervisedWorker(const WorkerLaunch::Environment& environment,
                                   const WorkerSettings& settings,
                                   WorkerListener& listener,
                                   std::string directory,
                                   Work work)
    : settings_(settings),
      listener_(listener),
      assignment_(Assignment::of(work, settings)),
      launch_(environment, settings, assignment_, std::move(directory)),
      reports_(assignment_, settings, listener, reportEvents()),
      work_(std::move(work)),
      kill_(environment.preparation.loop, settings.stack_wait) {}

SupervisedWorker::~SupervisedWorker() {
  process_.reset();
  if (failed_ && settings_.kept_directories > 0) {
    launch_.directory().keep(assignment_.execution, settings_.kept_directories);
  }
}

std::string SupervisedWorker::name() const { return assignment_.workerOn(settings_.host); }

WorkerReports::Events SupervisedWorker::reportEvents() {
  return {.hello = [this](const runtime::WorkerHello& hello) { onHello(hello); },
          .lease_taken = [this] { liveness_.awake(); },
          .failed = [this] { kill_.after(settings_.end_timeout, ""); },
          .tasks_ended =
              [this] {
                kill_.after(settings_.end_timeout,
                            name() + " did not end after its tasks had, and was killed");
              },
          .broken = [this](const std::string& cause,
                           bool unrecoverable) { onBroken(cause, unrecoverable); }};
}

void SupervisedWorker::start() {
  launch_.start(std::move(work_),
                {.on_frame = [this](const std::string& frame) { onFrame(frame); },
                 .on_end = [this](const std::string& reason) { onSocketEnd(reason); },
                 .on_exit = [this](ProcessExit exit) { onExit(exit); }},
                {.started = [this](std::unique_ptr<LaunchedWorker> process,
                                   Work work) { onStarted(std::move(process), std::move(work)); },
                 .failed =
                     [this](std::string cause, bool unrecoverable) {
                       unrecoverable_ = unrecoverable;
                       end(false, std::move(cause));
                     }});
}

void SupervisedWorker::onStarted(std::unique_ptr<LaunchedWorker> process, Work work) {
  work_ = std::move(work);
  process_ = std::move(process);
  kill_.arm(*process_);
  process_->socket().setReading(reading_);
  stage_ = Stage::kStarting;
  kill_.after(settings_.hello_timeout,
              name() + " did not ask for its execution environment within " +
                  config::formatDuration(settings_.hello_timeout) + " and was killed");
}

void SupervisedWorker::send(runtime::WorkerOrder order) {
  if (stage_ == Stage::kDeployed) {
    deliver(order);
  } else if (stage_ != Stage::kEnded) {
    waiting_.push_back(std::move(order));
  }
}

/// One that does not know what a stop is would go on behind it: we decline for it.
void SupervisedWorker::deliver(const runtime::WorkerOrder& order) {
  const auto* trigger = std::get_if<runtime::TriggerOrder>(&order);
  if (trigger != nullptr && trigger->order.stop != runtime::StopMode::kNone &&
      !cannot_stop_.empty()) {
    listener_.onReport(assignment_.execution,
                       runtime::CheckpointDecline{assignment_.execution,
                                                  trigger->order.checkpoint,
                                                  assignment_.first_task,
                                                  cannot_stop_});
    return;
  }
  process_->socket().send(wire::encode(order));
}

void SupervisedWorker::connectPeer(const worker::DataHello& hello, UniqueFd socket) {
  if (stage_ == Stage::kDeployed) {
    process_->socket().send(
        wire::encode(runtime::WorkerOrder(runtime::PeerConnection{hello.from_worker, hello.token})),
        std::move(socket));
  }
}

void SupervisedWorker::cancel(Duration most) {
  const Duration patience = std::min(assignment_.cancellation_timeout, most);
  if (!std::exchange(cancelled_, true)) {
    send(runtime::CancelOrder{assignment_.execution});
  }
  if (stage_ == Stage::kPreparing) {
    end(true, "");  // Whether or not its preparation comes back.
  } else if (stage_ == Stage::kStarting) {
    kill_.now("");  // None of its tasks runs.
  } else if (stage_ == Stage::kDeployed) {
    kill_.after(patience,
                name() + " did not obey the cancel within " + config::formatDuration(patience) +
                    " and was killed");
  }
}

void SupervisedWorker::kill() {
  cancelled_ = true;
  if (stage_ == Stage::kPreparing) {
    end(true, "");
  } else {
    kill_.now("");
  }
}

void SupervisedWorker::beat(const SessionTerms& terms) {
  if (stage_ != Stage::kDeployed || !takes_leases_ || !kill_.cause().empty()) {
    return;
  }
  if (const auto silence = liveness_.beat(terms, assignment_.program_timeout, !reading_)) {
    const std::string cause = name() + " did not answer for " + config::formatDuration(*silence) +
                              " (it hangs, or was stopped) and was killed";
    log::warn(cause, {{"pid", process_->pid()}});
    kill_.now(cause);
  }
}

void SupervisedWorker::renewLease(std::int64_t until) {
  lease_until_ = until;
  if (stage_ == Stage::kDeployed && takes_leases_) {
    process_->socket().send(wire::encode(runtime::WorkerOrder(runtime::LeaseOrder{until})));
  }
}

void SupervisedWorker::setReading(bool reading) {
  reading_ = reading;
  if (process_ && stage_ != Stage::kEnded) {
    process_->socket().setReading(reading);
  }
}

void SupervisedWorker::checkMemory(const ProcessTable& table) {
  if (!process_ || stage_ == Stage::kEnded) {
    return;
  }
  const std::uint64_t limit = memoryLimit(assignment_, settings_);
  const std::uint64_t used = process_->memoryBytes(table, limit);  // Gets to know its children.
  const bool kernel_does = process_->group() != nullptr && process_->group()->limitsMemory();
  if (limit != 0 && used > limit && kill_.cause().empty() && !kernel_does) {
    kill_.now(tooMuchMemory(assignment_,
                            settings_,
                            "used " + std::to_string(used >> 20) + " MiB of memory, more",
                            "",
                            reports_.states().largest()));
  }
}

void SupervisedWorker::onFrame(const std::string& frame) {
  if (stage_ != Stage::kEnded && reports_.take(frame)) {
    liveness_.heard();
  }
}

void SupervisedWorker::onBroken(const std::string& cause, bool unrecoverable) {
  unrecoverable_ = unrecoverable_ || unrecoverable;
  kill_.now(cause);
}

void SupervisedWorker::onHello(const runtime::WorkerHello& hello) {
  if (stage_ != Stage::kStarting || cancelled_) {
    return;
  }
  if (const Status spoken = checkProtocol(hello, assignment_, settings_); !spoken) {
    unrecoverable_ = true;
    kill_.now(spoken.error().text());
    return;
  }
  kill_.calm();
  const Result<std::string> order = encodeWork(std::exchange(work_, {}), hello, settings_);
  if (!order) {
    unrecoverable_ = true;
    kill_.now(order.error().text());
    return;
  }
  stage_ = Stage::kDeployed;
  reports_.open();
  kill_.expectStacks();
  process_->socket().send(*order);
  // Discarding state is no part of an attempt, and its worker does not listen meanwhile.
  takes_leases_ = hello.protocol_version >= 2 && !assignment_.discards_handles;
  cannot_stop_ = whyNotStopped(hello);
  if (lease_until_ != 0) {
    renewLease(lease_until_);
  }
  while (!waiting_.empty()) {
    deliver(waiting_.front());
    waiting_.pop_front();
  }
  listener_.onDeployed(assignment_.execution);
}

void SupervisedWorker::onSocketEnd(const std::string& reason) {
  if (!reason.empty()) {
    kill_.now(name() + " broke the worker protocol: " + reason);
    return;
  }
  // Usually the process is about to end, and its exit says more.
  kill_.after(
      settings_.end_timeout,
      name() + " closed its connection to the task manager but did not end, and was killed");
}

void SupervisedWorker::onExit(ProcessExit exit) {
  kill_.disarm();
  const bool all_ended = assignment_.discards_handles
                             ? !exit.signaled && exit.number == 0
                             : assignment_.tasks > 0 && reports_.tasksHaveEnded();
  const bool expected = cancelled_ || all_ended;
  failed_ = !expected;
  ExitCause cause =
      causeOfEnd({exit,
                  stage_ == Stage::kStarting ? WorkerStage::kStarting
                  : reports_.tasksReported() ? WorkerStage::kRunning
                                             : WorkerStage::kPrepared,
                  reports_.ownWords(),
                  kill_.cause(),
                  process_->group() != nullptr && process_->group()->outOfMemoryKills() > 0,
                  reports_.states().largest(),
                  cancelled_ ? "" : launch_.directory().keptPath(assignment_.execution)},
                 assignment_,
                 settings_,
                 process_->standardError());
  unrecoverable_ = unrecoverable_ || reports_.unrecoverable() || cause.unrecoverable;
  if (expected && kill_.cause().empty()) {
    cause.text.clear();
  }
  log::write(expected ? log::Level::kInfo : log::Level::kWarn,
             "worker ended",
             {{"job", assignment_.execution.job.hex()},
              {"attempt", assignment_.execution.attempt.value()},
              {"pid", process_->pid()},
              {exit.signaled ? "signal" : "status", exit.number},
              {"expected", expected},
              {"reason", expected ? std::string() : cutText(cause.text, kMostLoggedBytes)}});
  if (expected && !cause.text.empty()) {
    log::warn("a worker did not end as it should", {{"reason", cause.text}});
  }
  end(expected, std::move(cause.text));
}

void SupervisedWorker::end(bool expected, std::string cause) {
  stage_ = Stage::kEnded;
  launch_.giveUp();
  reports_.close();
  listener_.onEnded({assignment_.execution, expected, std::move(cause), unrecoverable_});
}

}  // namespace weir::taskmanager
