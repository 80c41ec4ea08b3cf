#include "taskmanager/daemon/supervision/supervised_worker.h"

#include <algorithm>
#include <utility>

#include "common/base/overloaded.h"
#include "common/base/text.h"
#include "common/config/value.h"
#include "common/runtime/report_limits.h"
#include "common/telemetry/log.h"
#include "common/wire/encoding.h"
#include "taskmanager/daemon/supervision/preparation.h"

namespace weir::taskmanager {

SupervisedWorker::SupervisedWorker(Environment environment,
                                   const WorkerSettings& settings,
                                   WorkerListener& listener,
                                   std::string directory,
                                   Work work)
    : environment_(environment),
      settings_(settings),
      listener_(listener),
      directory_({environment.loop, environment.pool, environment.cache, environment.transport},
                 std::move(directory)),
      assignment_(Assignment::of(work, settings)),
      work_(std::move(work)),
      kill_(environment.loop, settings.stack_wait) {}

SupervisedWorker::~SupervisedWorker() {
  process_.reset();
  if (failed_ && settings_.kept_directories > 0) {
    directory_.keep(assignment_.execution, settings_.kept_directories);
  }
}

std::string SupervisedWorker::name() const { return assignment_.workerOn(settings_.host); }

void SupervisedWorker::start() {
  directory_.prepare(std::move(work_), [this](Result<LaunchSpec> spec, Work work) {
    if (stage_ == Stage::kPreparing) {
      onPrepared(std::move(spec), std::move(work));
    }
  });
}

void SupervisedWorker::onPrepared(Result<LaunchSpec> spec, Work work) {
  if (!spec) {
    unrecoverable_ = isForGood(spec.error());
    end(false,
        "job " + assignment_.execution.job.hex() + " cannot be prepared on " + settings_.host +
            ": " + spec.error().text());
    return;
  }
  work_ = std::move(work);
  spec->launcher = settings_.launcher;
  spec->core_bytes = settings_.core_bytes;
  spawn(*spec);
}

void SupervisedWorker::spawn(const LaunchSpec& spec) {
  LaunchedWorker::Events events;
  events.on_frame = [this](std::string frame) { onFrame(frame); };
  events.on_end = [this](const std::string& reason) { onSocketEnd(reason); };
  events.on_exit = [this](ProcessExit exit) { onExit(exit); };
  auto process = LaunchedWorker::start(
      environment_.loop,
      spec,
      WorkerOutput{settings_.standard_output, settings_.standard_error, assignment_.label()},
      makeGroup(),
      std::move(events));
  if (!process) {
    end(false,
        "no worker process for job " + assignment_.execution.job.hex() + " on " + settings_.host +
            ": " + process.error().text());
    return;
  }
  process_ = *std::move(process);
  kill_.arm(*process_);
  process_->socket().setReading(reading_);
  stage_ = Stage::kStarting;
  log::info("started worker",
            {{"job", assignment_.execution.job.hex()},
             {"attempt", assignment_.execution.attempt.value()},
             {"pid", process_->pid()},
             {"program", spec.name}});
  kill_.after(settings_.hello_timeout,
              name() + " did not ask for its execution environment within " +
                  config::formatDuration(settings_.hello_timeout) + " and was killed");
}

std::unique_ptr<WorkerCgroup> SupervisedWorker::makeGroup() {
  if (environment_.groups == nullptr) {
    return nullptr;
  }
  auto made = environment_.groups->make(assignment_.execution, memoryLimit());
  if (!made) {
    log::warn("a worker has no control group: its children are found by descent",
              {{"job", assignment_.execution.job.hex()}, {"reason", made.error().text()}});
    return nullptr;
  }
  return *std::move(made);
}

void SupervisedWorker::send(runtime::WorkerOrder order) {
  if (stage_ == Stage::kDeployed) {
    process_->socket().send(wire::encode(order));
  } else if (stage_ != Stage::kEnded) {
    waiting_.push_back(std::move(order));
  }
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
  const std::uint64_t limit = memoryLimit();
  const std::uint64_t used = process_->memoryBytes(table, limit);  // Gets to know its children.
  const bool kernel_does = process_->group() != nullptr && process_->group()->limitsMemory();
  if (limit != 0 && used > limit && kill_.cause().empty() && !kernel_does) {
    kill_.now(tooMuchMemory(
        assignment_, settings_, "used " + std::to_string(used >> 20) + " MiB of memory, more", ""));
  }
}

void SupervisedWorker::onFrame(const std::string& frame) {
  if (stage_ == Stage::kEnded) {
    return;
  }
  auto relayed = wire::decodeRelayed(frame);
  if (!relayed) {
    kill_.now(name() + " broke the worker protocol: " + relayed.error().message());
    return;
  }
  liveness_.heard();
  std::visit(Overloaded{[this](runtime::WorkerReport& report) { take(std::move(report)); },
                        [this](runtime::EncodedAck& ack) { handOn(std::move(ack)); }},
             *relayed);
}

void SupervisedWorker::take(runtime::WorkerReport report) {
  runtime::forEachText(report, [](std::string& text) { text = cutText(text); });
  std::visit(Overloaded{[this](runtime::WorkerHello& hello) { onHello(hello); },
                        [this](runtime::LeaseTaken&) { liveness_.awake(); },
                        [this](runtime::WorkerFailed& failed) {
                          failed_cause_ = std::move(failed.cause);
                          unrecoverable_ = failed.unrecoverable;
                          kill_.after(settings_.end_timeout, "");
                        },
                        [this](auto& of_an_attempt) {
                          handOn(runtime::WorkerReport(std::move(of_an_attempt)));
                        }},
             report);
}

void SupervisedWorker::handOn(runtime::EncodedAck ack) {
  if (stage_ == Stage::kDeployed && ack.execution == assignment_.execution) {
    listener_.onAck(std::move(ack));
  }
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
  kill_.expectStacks();
  process_->socket().send(*order);
  // Discarding state is no part of an attempt, and its worker does not listen meanwhile.
  takes_leases_ = hello.protocol_version >= 2 && !assignment_.discards_handles;
  if (lease_until_ != 0) {
    renewLease(lease_until_);
  }
  while (!waiting_.empty()) {
    process_->socket().send(wire::encode(waiting_.front()));
    waiting_.pop_front();
  }
  listener_.onDeployed(assignment_.execution);
}

void SupervisedWorker::handOn(runtime::WorkerReport report) {
  const runtime::ExecutionId* execution = runtime::executionOf(report);
  if (stage_ != Stage::kDeployed || execution == nullptr || *execution != assignment_.execution) {
    return;
  }
  if (const auto* update = std::get_if<runtime::TaskUpdate>(&report)) {
    if (const Status checked = checkUpdate(*update, assignment_, settings_); !checked) {
      unrecoverable_ = true;
      kill_.now(checked.error().text());
      return;
    }
    onUpdate(*update);
  }
  listener_.onReport(assignment_.execution, std::move(report));
}

void SupervisedWorker::onUpdate(const runtime::TaskUpdate& update) {
  tasks_reported_ = true;
  if (runtime::isTerminal(update.state)) {
    ended_tasks_.insert(update.task);
  }
  if (tasksHaveEnded()) {
    kill_.after(settings_.end_timeout, name() + " did not end after its tasks had, and was killed");
  }
}

bool SupervisedWorker::tasksHaveEnded() const { return ended_tasks_.size() >= assignment_.tasks; }

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
  const bool all_ended = assignment_.discards_handles ? !exit.signaled && exit.number == 0
                                                      : assignment_.tasks > 0 && tasksHaveEnded();
  const bool expected = cancelled_ || all_ended;
  failed_ = !expected;
  ExitCause cause =
      causeOfEnd({exit,
                  stage_ == Stage::kStarting ? WorkerStage::kStarting
                  : tasks_reported_          ? WorkerStage::kRunning
                                             : WorkerStage::kPrepared,
                  failed_cause_,
                  kill_.cause(),
                  process_->group() != nullptr && process_->group()->outOfMemoryKills() > 0,
                  cancelled_ ? "" : directory_.keptPath(assignment_.execution)},
                 assignment_,
                 settings_,
                 process_->standardError());
  unrecoverable_ = unrecoverable_ || cause.unrecoverable;
  if (expected && kill_.cause().empty()) {
    cause.text.clear();
  }
  log::write(expected ? log::Level::kInfo : log::Level::kWarn,
             "worker ended",
             {{"job", assignment_.execution.job.hex()},
              {"attempt", assignment_.execution.attempt.value()},
              {"pid", process_->pid()},
              {exit.signaled ? "signal" : "status", exit.number},
              {"expected", expected}});
  if (expected && !cause.text.empty()) {
    log::warn("a worker did not end as it should", {{"reason", cause.text}});
  }
  end(expected, std::move(cause.text));
}

void SupervisedWorker::end(bool expected, std::string cause) {
  stage_ = Stage::kEnded;
  listener_.onEnded({assignment_.execution, expected, std::move(cause), unrecoverable_});
}

}  // namespace weir::taskmanager
