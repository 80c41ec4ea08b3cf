#include "taskmanager/worker/task/subtask_thread.h"

#include <exception>
#include <utility>

#include <pthread.h>

#include "common/base/overloaded.h"
#include "taskmanager/worker/task/crash_report.h"
#include "taskmanager/worker/task/task_chain.h"
#include "taskmanager/worker/task/task_failure.h"

namespace weir::worker {

SubtaskThread::SubtaskThread(const runtime::Deployment& deployment,
                             const graph::ProgramCode& code,
                             std::uint32_t vertex,
                             std::uint32_t subtask,
                             std::chrono::milliseconds buffer_timeout,
                             TaskServices services)
    : deployment_(deployment),
      code_(code),
      id_{deployment.graph->vertices[vertex].id, subtask},
      vertex_(vertex),
      services_(services),
      input_(planGate(deployment.graph, vertex, subtask),
             deployment.graph->checkpoints.mode,
             services.buffers,
             signal_,
             services.clock,
             deployment.graph->checkpoints.unaligned
                 ? std::optional(OvertakenInput::of(deployment.graph,
                                                    planGate(deployment.graph, vertex, subtask)))
                 : std::nullopt),
      outputs_(services.buffers, signal_, stop_.flag(), services.clock, buffer_timeout),
      alarms_(services.clock),
      reports_(
          deployment.execution, id_, input_, outputs_, services.report, services.most_accumulators),
      steps_({input_, outputs_, reports_, alarms_, poll_timer_, signal_, services.clock}) {
  if (deployment.graph->checkpoints.unaligned) {
    outputs_.overdrawFor([this] { return barrierWaits(); });
  }
}

SubtaskThread::~SubtaskThread() { join(); }

SteadyTime SubtaskThread::barrierWaits() {
  if (!isSource()) {
    return input_.overtakesAt();
  }
  if (!mailbox_.filled()) {
    mail_since_.reset();
    return SteadyTime::max();
  }
  if (!mail_since_) {
    mail_since_ = services_.clock.now();
  }
  return *mail_since_ + deployment_.graph->checkpoints.aligned_timeout;
}

void SubtaskThread::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

void SubtaskThread::start(std::function<void()> ended) {
  ended_ = std::move(ended);
  thread_ = std::thread([this] { run(); });
}

void SubtaskThread::run() {
  const std::string name = deployment_.graph->vertices[vertex_].name;
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  const CrashScope crash_scope(name.c_str());
  runGuarded();
  checkpoints_.reset();
  chain_.reset();  // User objects end on the thread they lived on.
  ended_();
}

void SubtaskThread::runGuarded() {
  reports_.state(runtime::TaskState::kDeploying);
  TaskFailure failure;
  try {
    prepare();
    reports_.state(runtime::TaskState::kRunning);
    loop();
    poll_timer_.waker().detach();
    chain_->notifyFinished();
    chain_->close();
    reports_.checkAccumulators();
    return reports_.state(runtime::TaskState::kFinished);
  } catch (const functions::CancelledException&) {  // Or failed from outside.
    hearCompleted();
  } catch (...) {
    failure = failureOf(std::current_exception(), place());
  }
  closeQuietly();
  std::string cause = stop_.causeBeside(std::move(failure.cause));
  if (cause.empty()) {
    return reports_.state(runtime::TaskState::kCanceled);
  }
  reports_.state(runtime::TaskState::kFailed, std::move(cause), failure.unrecoverable);
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
        checkpoints_->onCompleted(notify->checkpoint);
      }
    }
  } catch (...) {  // NOLINT: who is restored from the checkpoint commits it.
  }
}

void SubtaskThread::closeQuietly() {
  poll_timer_.waker().detach();
  if (chain_ == nullptr) {
    return;
  }
  try {
    chain_->close();
  } catch (...) {  // NOLINT: the first cause has been noted; this one follows from it.
  }
}

std::string SubtaskThread::place() const {
  const graph::JobVertex& vertex = deployment_.graph->vertices[vertex_];
  return " (in '" + (chain_ ? chain_->where() : vertex.name) + "', subtask " +
         std::to_string(id_.subtask + 1) + " of " + std::to_string(vertex.parallelism) + ")";
}

void SubtaskThread::prepare() {
  chain_ = makeChain(deployment_,
                     code_,
                     vertex_,
                     id_.subtask,
                     outputs_,
                     poll_timer_.waker().function(),
                     alarms_,
                     services_);
  reports_.connect(*chain_);
  input_.connect(*chain_);
  checkpoints_ = std::make_unique<TaskCheckpoints>(
      TaskCheckpoints::Self{id_, deployment_.graph->vertices[vertex_].name},
      *chain_,
      outputs_,
      services_.snapshots,
      services_.clock,
      stop_,
      deployment_.graph->checkpoints);
  restoreState();
  chain_->open();
  prepared_ = true;
  if (deployment_.stopped) {
    checkpoints_->startStopped();
  }
  steps_.open(*chain_, *checkpoints_);
}

void SubtaskThread::restoreState() {
  reports_.begin(services_.clock.now());
  InFlightRestore in_flight(deployment_, code_, *chain_, vertex_, id_.subtask);
  const auto on_read = [this](std::uint64_t bytes) {
    if (stop_.made()) {
      throw functions::CancelledException();
    }
    reports_.restored(bytes, services_.clock.now());
  };
  if (auto restored =
          restoreChain(*chain_, deployment_, vertex_, id_, services_.files, in_flight, on_read);
      !restored) {
    throw RestoreError(restored.error());
  }
  input_.replay(in_flight.take());
}

void SubtaskThread::loop() {
  steps_.begin();
  while (true) {
    signal_.prepare();  // Whatever comes from here on ends the next sleep.
    handleMail();
    if (finish_) {
      return;
    }
    steps_.turn();
  }
}

void SubtaskThread::handleMail() {
  if (services_.lease != nullptr) {
    services_.lease->enforce();
  }
  if (stop_.made()) {
    throw functions::CancelledException();
  }
  if (!mailbox_.filled()) {
    return;
  }
  mail_since_.reset();
  for (const Mail& mail : mailbox_.takeAll()) {
    std::visit(Overloaded{[this](const runtime::CheckpointOrder& order) {
                            if (isSource()) {
                              steps_.trigger(order);
                            }
                          },
                          [this](const NotifyMail& notify) {
                            notify.completed ? checkpoints_->onCompleted(notify.checkpoint)
                                             : steps_.abort(notify.checkpoint);
                          },
                          [this](const FinishMail&) { finish_ = true; }},
               mail);
  }
  steps_.look();
}

}  // namespace weir::worker
