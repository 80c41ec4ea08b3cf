#include "taskmanager/daemon/supervision/worker.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "common/base/lease.h"
#include "common/base/text.h"
#include "common/config/configuration.h"
#include "common/config/options.h"
#include "common/config/value.h"
#include "common/config/worker_options.h"
#include "common/runtime/deployment_size.h"
#include "common/runtime/report_limits.h"
#include "common/telemetry/log.h"
#include "common/wire/encoding.h"
#include "taskmanager/daemon/supervision/preparation.h"
#include "taskmanager/daemon/supervision/work_directory.h"

namespace weir::taskmanager {

namespace {

Duration timeoutOf(const runtime::Deployment& deployment, std::string_view key, Duration fallback) {
  const auto entry = deployment.configuration.find(std::string(key));
  if (entry == deployment.configuration.end()) {
    return fallback;
  }
  const Result<Duration> parsed = config::parseDuration(entry->second);
  return parsed ? *parsed : fallback;
}

std::uint64_t mostAccumulators(const runtime::Deployment& deployment, std::uint64_t fallback) {
  const auto entry = deployment.configuration.find(std::string(config::kWorkerMaxAccumulators.key));
  if (entry == deployment.configuration.end()) {
    return fallback;
  }
  const auto parsed = config::parseMemorySize(entry->second);
  const auto most = static_cast<std::uint64_t>(config::kWorkerMaxAccumulators.most);
  return parsed ? std::min(parsed->bytes, most) : fallback;
}

/// Elsewhere than on the strand: it may hold much, or its disk hang.
void removeDirectory(concurrency::Executor& pool, const std::string& directory) {
  pool.post([directory] {
    std::error_code error;
    std::filesystem::remove_all(directory, error);
    if (error) {
      log::warn("the directory of a worker is left",
                {{"directory", directory}, {"reason", error.message()}});
    }
  });
}

std::size_t tasksFor(const runtime::Deployment& deployment) {
  std::size_t tasks = 0;
  for (const auto& subtasks : deployment.placement) {
    tasks += static_cast<std::size_t>(std::ranges::count(subtasks, deployment.self));
  }
  return tasks;
}

std::map<OperatorId, std::string> operatorNames(const graph::JobGraph& graph) {
  std::map<OperatorId, std::string> names;
  for (const graph::JobOperator& op : graph.operators) {
    names.emplace(op.id, op.name);
  }
  return names;
}

}  // namespace

Worker::Worker(Environment environment,
               const WorkerSettings& settings,
               WorkerListener& listener,
               std::string directory,
               runtime::Deployment deployment)
    : environment_(environment),
      settings_(settings),
      listener_(listener),
      directory_(std::move(directory)),
      execution_(deployment.execution),
      token_(deployment.token),
      self_(deployment.self),
      slots_(deployment.slots),
      storage_(deployment.storage.kind),
      job_name_(deployment.graph.name),
      operator_names_(operatorNames(deployment.graph)),
      cancellation_timeout_(timeoutOf(
          deployment, config::kTaskCancellationTimeout.key, settings.cancellation_timeout)),
      program_timeout_(
          timeoutOf(deployment, config::kProgramTimeout.key, settings.program_timeout)),
      most_accumulators_(mostAccumulators(deployment, settings.most_accumulators)),
      tasks_(tasksFor(deployment)),
      discards_handles_(deployment.discards_handles),
      deployment_(std::move(deployment)),
      alive_(std::make_shared<char>()) {}

Worker::~Worker() {
  process_.reset();
  if (failed_ && settings_.kept_directories > 0) {
    keepDirectory(directory_, keptDirectory(), settings_.kept_directories);
  }
  removeDirectory(environment_.pool, directory_);
}

std::string Worker::nameOf(OperatorId id) const {
  const auto found = operator_names_.find(id);
  return found == operator_names_.end() ? id.hex() : "'" + found->second + "'";
}

std::string Worker::name() const {
  return "worker process of job " + execution_.job.hex() + " on " + settings_.host;
}

void Worker::start() {
  auto deployment = std::make_shared<runtime::Deployment>(std::move(deployment_));
  environment_.pool.post([this,
                          deployment,
                          alive = std::weak_ptr<char>(alive_),
                          environment = environment_,
                          directory = directory_] {
    auto spec = std::make_shared<Result<LaunchSpec>>(
        prepareAttempt(directory, environment.cache, environment.transport, *deployment));
    environment.loop.post([this, alive, spec, deployment, environment, directory] {
      if (alive.expired()) {
        removeDirectory(environment.pool, directory);  // It was cancelled meanwhile.
      } else if (stage_ == Stage::kPreparing) {
        onPrepared(std::move(*spec), std::move(*deployment));
      }
    });
  });
}

void Worker::onPrepared(Result<LaunchSpec> spec, runtime::Deployment deployment) {
  if (!spec) {
    unrecoverable_ = isForGood(spec.error());
    end(false,
        "job " + execution_.job.hex() + " cannot be prepared on " + settings_.host + ": " +
            spec.error().text());
    return;
  }
  deployment_ = std::move(deployment);
  spec->launcher = settings_.launcher;
  spec->core_bytes = settings_.core_bytes;
  spawn(*spec);
}

void Worker::spawn(const LaunchSpec& spec) {
  WorkerProcess::Events events;
  events.on_frame = [this](std::string frame) { onFrame(frame); };
  events.on_end = [this](const std::string& reason) { onSocketEnd(reason); };
  events.on_exit = [this](ProcessExit exit) { onExit(exit); };
  auto process = WorkerProcess::start(
      environment_.loop,
      spec,
      WorkerOutput{settings_.standard_output, settings_.standard_error, label()},
      makeGroup(),
      std::move(events));
  if (!process) {
    end(false,
        "no worker process for job " + execution_.job.hex() + " on " + settings_.host + ": " +
            process.error().text());
    return;
  }
  process_ = *std::move(process);
  process_->socket().setReading(reading_);
  stage_ = Stage::kStarting;
  log::info("started worker",
            {{"job", execution_.job.hex()},
             {"attempt", execution_.attempt.value()},
             {"pid", process_->pid()},
             {"program", spec.name}});
  killAfter(settings_.hello_timeout,
            name() + " did not ask for its execution environment within " +
                config::formatDuration(settings_.hello_timeout) + " and was killed");
}

std::unique_ptr<WorkerCgroup> Worker::makeGroup() {
  if (environment_.groups == nullptr) {
    return nullptr;
  }
  auto made = environment_.groups->make(execution_, memoryLimit());
  if (!made) {
    log::warn("a worker has no control group: its children are found by descent",
              {{"job", execution_.job.hex()}, {"reason", made.error().text()}});
    return nullptr;
  }
  return *std::move(made);
}

void Worker::send(runtime::WorkerOrder order) {
  if (stage_ == Stage::kDeployed) {
    process_->socket().send(wire::encode(order));
  } else if (stage_ != Stage::kEnded) {
    waiting_.push_back(std::move(order));
  }
}

void Worker::connectPeer(const worker::DataHello& hello, UniqueFd socket) {
  if (stage_ == Stage::kDeployed) {
    process_->socket().send(
        wire::encode(runtime::WorkerOrder(runtime::PeerConnection{hello.from_worker, hello.token})),
        std::move(socket));
  }
}

void Worker::cancel(Duration most) {
  const Duration patience = std::min(cancellation_timeout_, most);
  if (!std::exchange(cancelled_, true)) {
    send(runtime::CancelOrder{execution_});
  }
  if (stage_ == Stage::kPreparing) {
    end(true, "");  // Whether or not its preparation comes back.
  } else if (stage_ == Stage::kStarting) {
    killBecause("");  // None of its tasks runs.
  } else if (stage_ == Stage::kDeployed) {
    killAfter(patience,
              name() + " did not obey the cancel within " + config::formatDuration(patience) +
                  " and was killed");
  }
}

void Worker::kill() {
  cancelled_ = true;
  if (stage_ == Stage::kPreparing) {
    end(true, "");
  } else {
    killBecause("");
  }
}

void Worker::beat(const SessionTerms& terms) {
  if (stage_ != Stage::kDeployed || !takes_leases_ || !kill_cause_.empty()) {
    return;
  }
  // While its reports are held back, so are its answers.
  beats_missed_ = std::exchange(heard_, false) || !reading_ ? 0 : beats_missed_ + 1;
  const Duration silence = beats_missed_ * terms.heartbeat_interval;
  const Duration most =
      awake_ ? terms.heartbeat_timeout : std::max(program_timeout_, terms.heartbeat_timeout);
  if (silence > most) {
    const std::string cause = name() + " did not answer for " + config::formatDuration(silence) +
                              " (it hangs, or was stopped) and was killed";
    log::warn(cause, {{"pid", process_->pid()}});
    killBecause(cause);
  }
}

void Worker::renewLease(std::int64_t until) {
  lease_until_ = until;
  if (stage_ == Stage::kDeployed && takes_leases_) {
    process_->socket().send(wire::encode(runtime::WorkerOrder(runtime::LeaseOrder{until})));
  }
}

void Worker::setReading(bool reading) {
  reading_ = reading;
  if (process_ && stage_ != Stage::kEnded) {
    process_->socket().setReading(reading);
  }
}

std::string Worker::keptDirectory() const {
  const std::filesystem::path tmp = std::filesystem::path(directory_).parent_path().parent_path();
  return tmp /
         (kFailedPrefix + execution_.job.hex() + "-" + std::to_string(execution_.attempt.value()));
}

std::string Worker::label() const {
  constexpr std::size_t kMostName = 200;
  std::string name = job_name_.substr(0, kMostName);
  std::ranges::replace_if(name, [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
  return "job '" + name + "' (" + execution_.job.hex() + ")";
}

void Worker::checkMemory(const ProcessTable& table) {
  if (!process_ || stage_ == Stage::kEnded) {
    return;
  }
  const std::uint64_t limit = memoryLimit();
  const std::uint64_t used = process_->memoryBytes(table, limit);  // Gets to know its children.
  const bool kernel_does = process_->group() != nullptr && process_->group()->limitsMemory();
  if (limit != 0 && used > limit && kill_cause_.empty() && !kernel_does) {
    killBecause(tooMuchMemory("used " + std::to_string(used >> 20) + " MiB of memory, more", ""));
  }
}

std::string Worker::tooMuchMemory(const std::string& used, const std::string& by) const {
  return name() + ", with what it has started, " + used + " than the " +
         std::to_string(memoryLimit() >> 20) + " MiB that its " + std::to_string(slots_) +
         (slots_ == 1 ? " slot gives" : " slots give") + ", and was killed" + by +
         "; raise taskmanager.slot.memory or the parallelism";
}

void Worker::onFrame(const std::string& frame) {
  if (stage_ == Stage::kEnded) {
    return;
  }
  Result<runtime::WorkerReport> report = wire::decodeWorkerReport(frame);
  if (!report) {
    killBecause(name() + " broke the worker protocol: " + report.error().message());
    return;
  }
  heard_ = true;
  runtime::forEachText(*report, [](std::string& text) { text = cutText(text); });
  if (const auto* hello = std::get_if<runtime::WorkerHello>(&*report)) {
    onHello(*hello);
  } else if (std::holds_alternative<runtime::LeaseTaken>(*report)) {
    awake_ = true;
  } else if (auto* failed = std::get_if<runtime::WorkerFailed>(&*report)) {
    failed_cause_ = std::move(failed->cause);
    unrecoverable_ = failed->unrecoverable;
    killAfter(settings_.end_timeout, "");
  } else if (stage_ == Stage::kDeployed) {
    handOn(*std::move(report));
  }
}

void Worker::onHello(const runtime::WorkerHello& hello) {
  if (stage_ != Stage::kStarting || cancelled_) {
    return;
  }
  if (hello.protocol_version < runtime::WorkerHello::kOldestVersion ||
      hello.protocol_version > runtime::WorkerHello::kProtocolVersion) {
    unrecoverable_ = true;
    killBecause(
        "the program of job " + execution_.job.hex() + " was built with Weir " + hello.version +
        ", whose worker protocol " + std::to_string(hello.protocol_version) +
        " the task manager on " + settings_.host + " does not speak (it speaks " +
        std::to_string(runtime::WorkerHello::kOldestVersion) + " to " +
        std::to_string(runtime::WorkerHello::kProtocolVersion) + "); build it with this release");
    return;
  }
  kill_timer_.reset();
  kill_at_ = SteadyTime::max();
  const runtime::Deployment deployment = std::exchange(deployment_, {});
  const bool shared_lists = hello.protocol_version >= runtime::WorkerHello::kSharedLists;
  std::string order;
  std::uint64_t bytes = shared_lists ? 0 : runtime::bytesOfRepeated(deployment.restores);
  if (bytes <= settings_.most_frame) {  // Known before memory is taken for it.
    order = wire::encodeDeploymentFor(hello.protocol_version, deployment);
    bytes = order.size();
  }
  if (bytes > settings_.most_frame) {
    unrecoverable_ = true;
    killBecause(runtime::deploymentTooLarge(
                    deployment,
                    settings_.host,
                    bytes,
                    "the " + std::to_string(settings_.most_frame) + " that a worker takes") +
                (shared_lists ? ""
                              : "; the program was built with Weir " + hello.version +
                                    ", build it with this release"));
    return;
  }
  stage_ = Stage::kDeployed;
  process_->socket().send(order);
  // Discarding state is no part of an attempt, and its worker does not listen meanwhile.
  takes_leases_ = hello.protocol_version >= 2 && !discards_handles_;
  if (lease_until_ != 0) {
    renewLease(lease_until_);
  }
  while (!waiting_.empty()) {
    process_->socket().send(wire::encode(waiting_.front()));
    waiting_.pop_front();
  }
  listener_.onDeployed(execution_);
}

void Worker::handOn(runtime::WorkerReport report) {
  const bool ours = std::visit(
      [this](const auto& value) {
        if constexpr (requires { value.execution; }) {
          return value.execution == execution_;
        }
        return false;
      },
      report);
  if (!ours) {
    return;
  }
  if (const auto* update = std::get_if<runtime::TaskUpdate>(&report)) {
    if (runtime::bytesOf(update->accumulators) > most_accumulators_) {
      unrecoverable_ = true;
      killBecause("job " + execution_.job.hex() + " on " + settings_.host + ": " +
                  runtime::accumulatorsTooLarge(update->accumulators, most_accumulators_));
      return;
    }
    if (const std::uint64_t bytes = runtime::bytesOf(*update); bytes > settings_.most_report) {
      unrecoverable_ = true;
      killBecause("job " + execution_.job.hex() + " on " + settings_.host +
                  ": the report of one task, with its accumulators, has " + std::to_string(bytes) +
                  " bytes, more than the " + std::to_string(settings_.most_report) +
                  " that are half of jobmanager.rpc.max-message-size; count fewer distinct values, "
                  "or raise it");
      return;
    }
    onUpdate(*update);
  }
  listener_.onReport(execution_, std::move(report));
}

void Worker::onUpdate(const runtime::TaskUpdate& update) {
  tasks_reported_ = true;
  if (runtime::isTerminal(update.state)) {
    ended_tasks_.insert(update.task);
  }
  if (ended_tasks_.size() >= tasks_) {
    killAfter(settings_.end_timeout, name() + " did not end after its tasks had, and was killed");
  }
}

void Worker::onSocketEnd(const std::string& reason) {
  if (!reason.empty()) {
    killBecause(name() + " broke the worker protocol: " + reason);
    return;
  }
  // Usually the process is about to end, and its exit says more.
  killAfter(settings_.end_timeout,
            name() + " closed its connection to the task manager but did not end, and was killed");
}

void Worker::killBecause(std::string cause) {
  if (kill_cause_.empty()) {
    kill_cause_ = std::move(cause);
  }
  if (process_) {
    process_->kill();
  }
}

void Worker::killAfter(Duration delay, std::string cause) {
  // Timers carry the system's time: a virtual one would not make processes wait.
  const SteadyTime now = std::chrono::steady_clock::now();
  const SteadyTime at = delay > SteadyTime::max() - now ? SteadyTime::max() : now + delay;
  if (at >= kill_at_) {
    return;
  }
  kill_at_ = at;
  kill_timer_ =
      environment_.loop.schedule(delay, [this, cause = std::move(cause)] { onHang(cause); });
}

/// Lets it say where it hangs before it is killed.
void Worker::onHang(const std::string& cause) {
  if (!cause.empty() && kill_cause_.empty() && stage_ == Stage::kDeployed) {
    kill_cause_ = cause;
    process_->askForStacks();
    stack_timer_ =
        environment_.loop.schedule(settings_.stack_wait, [this, cause] { killBecause(cause); });
  } else {
    killBecause(cause);
  }
}

std::string Worker::causeOf(const ProcessExit& exit) {
  const StderrTail& said = process_->standardError();
  const std::string kept = settings_.kept_directories > 0 && !cancelled_
                               ? "; its directory is kept as " + keptDirectory()
                               : "";
  if (!failed_cause_.empty()) {
    return failed_cause_;
  }
  if (!kill_cause_.empty()) {
    return withLines(kill_cause_ + kept, said, settings_.error_file);
  }
  if (process_->group() != nullptr && process_->group()->outOfMemoryKills() > 0) {
    const std::string cause = tooMuchMemory("needed more memory", " by the kernel");
    return withLines(cause + kept, said, settings_.error_file);
  }
  if (!exit.signaled && exit.number == Lease::kExitStatus) {
    return name() +
           " ended itself: the job manager had not heard of its task manager for the "
           "heartbeat time-out, or it was stopped for so long itself";
  }
  const WorkerStage stage = stage_ == Stage::kStarting ? WorkerStage::kStarting
                            : tasks_reported_          ? WorkerStage::kRunning
                                                       : WorkerStage::kPrepared;
  ExitCause cause = describeExit(execution_.job, settings_.host, exit, stage, said);
  unrecoverable_ = unrecoverable_ || cause.unrecoverable;
  return withLines(cause.text + kept, said, settings_.error_file);
}

void Worker::onExit(ProcessExit exit) {
  kill_timer_.reset();
  stack_timer_.reset();
  const bool all_ended = discards_handles_ ? !exit.signaled && exit.number == 0
                                           : tasks_ > 0 && ended_tasks_.size() >= tasks_;
  const bool expected = cancelled_ || all_ended;
  failed_ = !expected;
  std::string cause = causeOf(exit);
  if (expected && kill_cause_.empty()) {
    cause.clear();
  }
  log::write(expected ? log::Level::kInfo : log::Level::kWarn,
             "worker ended",
             {{"job", execution_.job.hex()},
              {"attempt", execution_.attempt.value()},
              {"pid", process_->pid()},
              {exit.signaled ? "signal" : "status", exit.number},
              {"expected", expected}});
  if (expected && !cause.empty()) {
    log::warn("a worker did not end as it should", {{"reason", cause}});
  }
  end(expected, std::move(cause));
}

void Worker::end(bool expected, std::string cause) {
  stage_ = Stage::kEnded;
  listener_.onEnded({execution_, expected, std::move(cause), unrecoverable_});
}

}  // namespace weir::taskmanager
