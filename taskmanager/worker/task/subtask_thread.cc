#include "taskmanager/worker/task/subtask_thread.h"

#include <algorithm>
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
             services.clock),
      outputs_(services.buffers, signal_, stop_.flag(), services.clock, buffer_timeout),
      reports_(deployment.execution,
               id_,
               input_,
               outputs_,
               services.report,
               services.most_accumulators) {}

SubtaskThread::~SubtaskThread() { join(); }

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
                     services_);
  reports_.connect(*chain_);
  input_.connect(*chain_);
  checkpoints_ = std::make_unique<TaskCheckpoints>(
      TaskCheckpoints::Self{id_, deployment_.graph->vertices[vertex_].name},
      *chain_,
      outputs_,
      services_.snapshots,
      services_.clock);
  if (auto restored = restoreChain(*chain_, deployment_, vertex_, id_, services_.files);
      !restored) {
    throw RestoreError(restored.error());
  }
  chain_->open();
  prepared_ = true;
  now_ = services_.clock.now();
  reports_.begin(now_);
}

void SubtaskThread::loop() {
  if (isSource() && chain_->headFinished()) {
    chain_->receive(functions::EndOfInput{});
    inputEnded();
  }
  while (true) {
    signal_.prepare();  // Whatever comes from here on ends the next sleep.
    handleMail();
    if (finish_) {
      return;
    }
    const Step done = step();
    if (done == Step::kWorked) {
      afterWork();
    } else {
      rest(done);
    }
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
  for (const Mail& mail : mailbox_.takeAll()) {
    std::visit(Overloaded{[this](const runtime::CheckpointOrder& order) {
                            if (isSource()) {
                              checkpoints_->onTrigger(order);
                            }
                          },
                          [this](const NotifyMail& notify) {
                            notify.completed ? checkpoints_->onCompleted(notify.checkpoint)
                                             : onAborted(notify.checkpoint);
                          },
                          [this](const FinishMail&) { finish_ = true; }},
               mail);
  }
  now_ = services_.clock.now();
}

SubtaskThread::Step SubtaskThread::step() {
  if (!outputs_.hasRoom()) {
    return Step::kBlocked;
  }
  return isSource() ? poll() : read();
}

SubtaskThread::Step SubtaskThread::poll() {
  if (input_ended_) {
    return Step::kIdle;
  }
  if (poll_timer_.resting()) {
    now_ = services_.clock.now();
    if (!poll_timer_.over(now_)) {
      return Step::kIdle;
    }
  }
  const SteadyTime start = now_;
  const Duration waited = outputs_.waited();
  const InputStatus status = chain_->poll(pace_.limit());
  if (!processed() && chain_->handledOwnRecords()) {
    processed_.store(true, std::memory_order_relaxed);
  }
  const SteadyTime end = worked(start, waited, status == InputStatus::kMoreAvailable);
  if (status == InputStatus::kMoreAvailable) {
    poll_timer_.hadRecords();
    return Step::kWorked;
  }
  if (status == InputStatus::kEndOfInput) {
    chain_->receive(functions::EndOfInput{});
    inputEnded();
    return Step::kWorked;
  }
  poll_timer_.hadNone(end, chain_->pollAgainAt());
  return Step::kIdle;
}

SubtaskThread::Step SubtaskThread::read() {
  switch (input_.next()) {
    case TaskInput::Next::kNothing:
      return Step::kIdle;
    case TaskInput::Next::kSignal:
      if (const auto joined = input_.join()) {
        onSignal(*joined);
      }
      now_ = services_.clock.now();
      return Step::kWorked;
    case TaskInput::Next::kRecords:
      break;
  }
  const SteadyTime start = now_;
  const Duration waited = outputs_.waited();
  const bool more = input_.read(pace_.limit());
  processed_.store(true, std::memory_order_relaxed);
  worked(start, waited, more);
  return Step::kWorked;
}

SteadyTime SubtaskThread::worked(SteadyTime start, Duration waited_before, bool full) {
  const SteadyTime end = services_.clock.now();
  const Duration waiting = outputs_.waited() - waited_before;
  pace_.took(end - start - waiting, waiting, full);
  outputs_.noteStarted(end);
  now_ = end;
  return end;
}

void SubtaskThread::afterWork() {
  reports_.touch();
  if (outputs_.due(now_)) {
    flush();
  }
  if (reports_.due(now_)) {
    reports_.progress(now_);
  }
}

void SubtaskThread::rest(Step step) {
  if (step == Step::kIdle && outputs_.started()) {
    reports_.touch();
    if (outputs_.hasTimeout()) {
      return flush();  // It may have waited and missed a wake-up: look at everything again.
    }
    outputs_.noteFlushed();
  }
  input_.gate().returnCredits();
  if (reports_.due(now_)) {
    return reports_.progress(now_);
  }
  SteadyTime deadline = reports_.dueAt();
  if (step == Step::kIdle && !input_ended_) {
    deadline = std::min(deadline, poll_timer_.next());
  }
  signal_.wait(deadline);
  now_ = services_.clock.now();
}

void SubtaskThread::flush() {
  chain_->flush();
  outputs_.noteFlushed();
  now_ = services_.clock.now();
}

void SubtaskThread::onAborted(CheckpointId checkpoint) {
  input_.abort(checkpoint);
  checkpoints_->onAborted(checkpoint);
}

void SubtaskThread::onSignal(const TaskInput::Joined& joined) {
  if (const auto* barrier = std::get_if<functions::Barrier>(&joined.signal)) {
    return checkpoints_->onBarrier(*barrier, {joined.alignment, joined.last_channel});
  }
  chain_->receive(joined.port, joined.signal);
  outputs_.noteDue(services_.clock.now());
  if (input_.ended()) {
    inputEnded();
  }
}

void SubtaskThread::inputEnded() {
  outputs_.noteFlushed();
  input_ended_ = true;
  checkpoints_->inputEnded();
  reports_.inputEnded();
}

}  // namespace weir::worker
