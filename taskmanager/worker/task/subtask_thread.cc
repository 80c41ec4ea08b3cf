#include "taskmanager/worker/task/subtask_thread.h"

#include <algorithm>
#include <utility>

#include <pthread.h>

#include "common/base/text.h"
#include "common/functions/checkpointed.h"
#include "common/runtime/report_limits.h"
#include "taskmanager/worker/checkpoint/restored_state.h"
#include "taskmanager/worker/task/crash_report.h"
#include "taskmanager/worker/task/exception_text.h"

namespace weir::worker {

namespace {

std::uint32_t channelsOf(const std::vector<GateSection>& sections) {
  return sections.empty() ? 0 : sections.back().first + sections.back().count;
}

}  // namespace

SubtaskThread::SubtaskThread(const runtime::Deployment& deployment,
                             const graph::ProgramCode& code,
                             std::uint32_t vertex,
                             std::uint32_t subtask,
                             std::chrono::milliseconds buffer_timeout,
                             TaskServices services)
    : deployment_(deployment),
      code_(code),
      id_{deployment.graph.vertices[vertex].id, subtask},
      vertex_(vertex),
      buffer_timeout_(buffer_timeout),
      services_(services),
      sections_(planGate(deployment.graph, vertex, subtask)),
      gate_(channelsOf(sections_), services.buffers, signal_) {}

SubtaskThread::~SubtaskThread() { join(); }

void SubtaskThread::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

void SubtaskThread::addOutput(std::uint32_t edge,
                              std::vector<std::unique_ptr<OutputChannel>> channels) {
  senders_[edge] = std::make_unique<EdgeSender>(
      std::move(channels), services_.buffers, signal_, stop_, services_.clock);
}

void SubtaskThread::start(std::function<void()> ended) {
  ended_ = std::move(ended);
  thread_ = std::thread([this] { run(); });
}

void SubtaskThread::cancel() {
  {
    std::lock_guard lock(failure_mutex_);
    cancelled_ = true;
  }
  stop_.store(true, std::memory_order_release);
  signal_.wake();
}

void SubtaskThread::fail(const std::string& cause) {
  {
    std::lock_guard lock(failure_mutex_);
    if (cancelled_ || !failure_.empty()) {
      return;
    }
    failure_ = cause;
  }
  stop_.store(true, std::memory_order_release);
  signal_.wake();
}

void SubtaskThread::run() {
  const std::string name = deployment_.graph.vertices[vertex_].name;
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  const CrashScope crash_scope(name.c_str());
  runGuarded();
  chain_.reset();  // User objects end on the thread they lived on.
  ended_();
}

void SubtaskThread::runGuarded() {
  report(runtime::TaskState::kDeploying);
  std::string cause;
  try {
    prepare();
    report(runtime::TaskState::kRunning);
    loop();
    waker_.detach();
    chain_->notifyFinished();
    chain_->close();
    (void)accumulators();
    return report(runtime::TaskState::kFinished);
  } catch (const functions::CancelledException&) {  // Or failed from outside.
    hearCompleted();
  } catch (const RestoreError& error) {
    cause = describeFailure(std::current_exception());
    unrecoverable_ = error.unrecoverable();
  } catch (const AccumulatorsTooLargeError& error) {
    cause = error.what() + place();
    unrecoverable_ = true;
  } catch (const state::StateMismatchError&) {
    cause = describeFailure(std::current_exception());
    unrecoverable_ = true;
  } catch (const UnrecoverableError&) {
    cause = describeFailure(std::current_exception());
    unrecoverable_ = true;
  } catch (...) {
    cause = describeFailure(std::current_exception());
  }
  closeQuietly();
  {
    std::lock_guard lock(failure_mutex_);
    if (cancelled_) {
      cause.clear();
    } else if (cause.empty()) {
      cause = failure_;
    }
  }
  const bool failed = !cause.empty();
  report(failed ? runtime::TaskState::kFailed : runtime::TaskState::kCanceled, std::move(cause));
}

/// Checkpoints that completed before the cancel: a savepoint's lines are committed though its job
/// is cancelled at once.
void SubtaskThread::hearCompleted() {
  if (!prepared_) {
    return;
  }
  try {
    for (const Mail& mail : mailbox_.takeAll()) {
      if (const auto* notify = std::get_if<NotifyMail>(&mail); notify && notify->completed) {
        chain_->notifyComplete(notify->checkpoint);
      }
    }
  } catch (...) {  // NOLINT: who is restored from the checkpoint commits it.
  }
}

void SubtaskThread::closeQuietly() {
  waker_.detach();
  if (chain_ == nullptr) {
    return;
  }
  try {
    chain_->close();
  } catch (...) {  // NOLINT: the first cause has been noted; this one follows from it.
  }
}

std::string SubtaskThread::describeFailure(const std::exception_ptr& thrown) const {
  constexpr std::size_t kMostPlaceBytes = 1024;  // Is not to be cut off with the end of the text.
  std::string text = describeException(thrown);
  cutAloud(text, kMostTextBytes - kMostPlaceBytes);
  return text + place();
}

std::string SubtaskThread::place() const {
  const graph::JobVertex& vertex = deployment_.graph.vertices[vertex_];
  return " (in '" + (chain_ ? chain_->where() : vertex.name) + "', subtask " +
         std::to_string(id_.subtask + 1) + " of " + std::to_string(vertex.parallelism) + ")";
}

void SubtaskThread::prepare() {
  const graph::JobGraph& graph = deployment_.graph;
  ChainSetup setup;
  setup.graph = &graph;
  setup.code = &code_;
  setup.vertex = vertex_;
  setup.task.job = deployment_.execution.job;
  setup.task.job_name = graph.name;
  setup.task.attempt = deployment_.execution.attempt;
  setup.task.task_name = graph.vertices[vertex_].name;
  setup.task.subtask = id_.subtask;
  setup.task.checkpointing = graph.checkpoints.enabled;
  setup.task.lease = services_.lease;
  setup.task.parallelism = graph.vertices[vertex_].parallelism;
  setup.waker = waker_.function();
  setup.most_accumulators = services_.most_accumulators;
  setup.output = [this](std::uint32_t edge) -> functions::EdgeOutput& { return *senders_[edge]; };
  chain_ = std::make_unique<OperatorChain>(setup);
  for (const GateSection& section : sections_) {
    ports_.push_back(Port{section.edge, section.count, &chain_->reader(section.edge)});
    port_of_.insert(port_of_.end(), section.count, static_cast<std::uint32_t>(ports_.size() - 1));
  }
  open_ports_ = static_cast<std::uint32_t>(ports_.size());
  barriers_ = BarrierHandler::make(graph.checkpoints.mode, gate_.channels());
  if (auto restored = restore(); !restored) {
    throw RestoreError(restored.error());
  }
  chain_->open();
  prepared_ = true;
  now_ = services_.clock.now();
  next_report_ = now_ + kReportInterval;
}

Status SubtaskThread::restore() {
  const auto found =
      std::ranges::find(deployment_.restores.tasks, id_, &runtime::TaskRestore::task);
  if (found == deployment_.restores.tasks.end()) {
    return ok();
  }
  for (const runtime::OperatorRestoreOrder& order : found->operators) {
    for (std::size_t i = 0; i < chain_->size(); ++i) {
      const graph::JobOperator& what = chain_->description(i);
      if (what.id != order.id) {
        continue;
      }
      WEIR_TRY(const auto opened,
               openRestore(order,
                           deployment_.restores.sectionsOf(order),
                           id_.subtask,
                           deployment_.graph.vertices[vertex_].parallelism,
                           what.max_parallelism,
                           services_.files)
                   .during("restore operator '" + what.name + "'"));
      WEIR_RETURN_IF_ERROR(chain_->restore(i, opened));
      if (order.finished) {
        chain_->setFinished(i);
      }
    }
  }
  return ok();
}

void SubtaskThread::report(runtime::TaskState state, std::string cause) {
  runtime::TaskUpdate update;
  update.execution = deployment_.execution;
  update.task = id_;
  update.state = state;
  update.unrecoverable = state == runtime::TaskState::kFailed && unrecoverable_;
  update.input_ended = input_ended_;
  update.cause = std::move(cause);
  if (chain_ != nullptr) {
    update.accumulators = chain_->accumulators();
    if (runtime::bytesOf(update.accumulators) > services_.most_accumulators) {
      update.accumulators.clear();  // The task fails for it.
    }
  }
  update.metrics = metrics();
  services_.report(std::move(update));
}

std::vector<runtime::AccumulatorValue> SubtaskThread::accumulators() const {
  auto accumulators = chain_->accumulators();
  if (runtime::bytesOf(accumulators) > services_.most_accumulators) {
    throw AccumulatorsTooLargeError(
        runtime::accumulatorsTooLarge(accumulators, services_.most_accumulators));
  }
  return accumulators;
}

runtime::TaskMetrics SubtaskThread::metrics() const {
  runtime::TaskMetrics metrics;
  metrics.bytes_in = bytes_in_;
  for (const auto& [edge, sender] : senders_) {
    metrics.bytes_out += sender->bytesSent();
  }
  if (chain_ != nullptr) {
    metrics.records_in = chain_->recordsIn();
    metrics.records_out = chain_->recordsOut();
  }
  return metrics;
}

}  // namespace weir::worker
