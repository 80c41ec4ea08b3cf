#include "taskmanager/worker/task/task_steps.h"

#include <algorithm>
#include <utility>

namespace weir::worker {

void TaskSteps::open(OperatorChain& chain, TaskCheckpoints& checkpoints) {
  chain_ = &chain;
  checkpoints_ = &checkpoints;
  look();
  parts_.reports.begin(now_);
}

void TaskSteps::begin() {
  if (isSource() && chain_->headFinished()) {
    endSource();
  }
}

/// Of a source: its time has come to its end, too.
void TaskSteps::endSource() {
  chain_->receive(functions::Watermark{functions::Watermark::kEnd});
  chain_->receive(functions::EndOfInput{});
  inputEnded();
}

void TaskSteps::turn() {
  if (parts_.input.overtakesAt() <= SteadyTime::max() - Duration(1)) {
    overtake();
  }
  if (parts_.alarms.next() <= now_ || chain_->alarmsWait()) {
    ring();
  }
  const bool handed_out = handOut();
  if (stop_order_ || stop_barrier_) {
    declineEndless();
  }
  const Step done = step();
  if (done == Step::kWorked || (handed_out && done == Step::kIdle)) {
    afterWork();
  } else {
    rest(done);
  }
}

void TaskSteps::overtake() {
  if (auto joined = parts_.input.overtake()) {
    onSignal(std::move(*joined));
    look();
  }
}

void TaskSteps::ring() {
  if (!parts_.outputs.hasRoom() || checkpoints_->halted()) {
    return;
  }
  chain_->ringWaiting();
  parts_.alarms.ring();
  look();
  parts_.outputs.noteStarted(now_);
  parts_.reports.touch();
}

bool TaskSteps::handOut() {
  bool some = false;
  if (chain_->background().isReady() && parts_.outputs.hasRoom() && !checkpoints_->halted()) {
    const Duration waited = parts_.outputs.waited();
    chain_->background().handOut();
    worked(now_, waited, false);
    some = true;
  }
  if (isEnding() && !chain_->background().holdsEnd()) {
    settleEnd();
    some = true;
  }
  return some;
}

TaskSteps::Step TaskSteps::step() {
  if (!parts_.outputs.hasRoom()) {
    return Step::kBlocked;
  }
  if (!chain_->background().hasRoom() || stop_barrier_) {
    return Step::kIdle;
  }
  return isSource() ? poll() : read();
}

TaskSteps::Step TaskSteps::poll() {
  if (ending_ || checkpoints_->halted()) {
    return Step::kIdle;
  }
  if (parts_.poll_timer.resting()) {
    now_ = parts_.clock.now();
    if (!parts_.poll_timer.over(now_)) {
      return Step::kIdle;
    }
  }
  const SteadyTime start = now_;
  const Duration waited = parts_.outputs.waited();
  const InputStatus status = chain_->poll(pace_.limit());
  if (!processed() && chain_->handledOwnRecords()) {
    processed_.store(true, std::memory_order_relaxed);
  }
  const SteadyTime end = worked(start, waited, status == InputStatus::kMoreAvailable);
  if (status == InputStatus::kMoreAvailable) {
    parts_.poll_timer.hadRecords();
    return Step::kWorked;
  }
  if (status == InputStatus::kEndOfInput) {
    endSource();
    return Step::kWorked;
  }
  parts_.poll_timer.hadNone(end, chain_->pollAgainAt());
  return Step::kIdle;
}

TaskSteps::Step TaskSteps::read() {
  switch (parts_.input.next()) {
    case TaskInput::Next::kNothing:
      return Step::kIdle;
    case TaskInput::Next::kSignal:
      if (auto joined = parts_.input.join()) {
        onSignal(std::move(*joined));
      }
      now_ = parts_.clock.now();
      return Step::kWorked;
    case TaskInput::Next::kRecords:
      break;
  }
  const SteadyTime start = now_;
  const Duration waited = parts_.outputs.waited();
  const bool more = parts_.input.read(pace_.limit());
  processed_.store(true, std::memory_order_relaxed);
  worked(start, waited, more);
  return Step::kWorked;
}

SteadyTime TaskSteps::worked(SteadyTime start, Duration waited_before, bool full) {
  const SteadyTime end = parts_.clock.now();
  const Duration waiting = parts_.outputs.waited() - waited_before;
  pace_.took(end - start - waiting, waiting, full);
  parts_.outputs.noteStarted(end);
  now_ = end;
  return end;
}

void TaskSteps::afterWork() {
  parts_.reports.touch();
  if (parts_.outputs.due(now_)) {
    flush();
  }
  if (parts_.reports.due(now_)) {
    parts_.reports.progress(now_);
  }
}

void TaskSteps::rest(Step step) {
  if (step == Step::kIdle && parts_.outputs.started()) {
    parts_.reports.touch();
    if (parts_.outputs.hasTimeout()) {
      return flush();  // It may have waited and missed a wake-up: look at everything again.
    }
    parts_.outputs.noteFlushed();
  }
  parts_.input.gate().returnCredits();
  if (parts_.reports.due(now_)) {
    return parts_.reports.progress(now_);
  }
  SteadyTime deadline = std::min(parts_.reports.dueAt(), parts_.input.overtakesAt());
  if (step == Step::kIdle && !checkpoints_->halted()) {
    deadline = std::min(deadline, parts_.alarms.next());
    if (!ending_ && chain_->background().hasRoom()) {
      deadline = std::min(deadline, parts_.poll_timer.next());
    }
  }
  parts_.signal.wait(deadline);
  now_ = parts_.clock.now();
}

void TaskSteps::flush() {
  chain_->flush();
  parts_.outputs.noteFlushed();
  now_ = parts_.clock.now();
}

void TaskSteps::trigger(const runtime::CheckpointOrder& order) {
  const bool drains = order.stop == runtime::StopMode::kDrain;
  if (drains && !ending_ && checkpoints_->isNew(order)) {
    endSource();
  }
  if (isEnding() && drains) {
    stop_order_ = order;
    return;
  }
  checkpoints_->onTrigger(order);
}

void TaskSteps::abort(CheckpointId checkpoint) {
  if (stop_order_ && stop_order_->checkpoint == checkpoint) {
    stop_order_.reset();
  }
  if (stop_barrier_ &&
      std::get<functions::Barrier>(stop_barrier_->signal).checkpoint == checkpoint) {
    stop_barrier_.reset();
  }
  parts_.input.abort(checkpoint);
  checkpoints_->onAborted(checkpoint);
}

void TaskSteps::onSignal(TaskInput::Joined joined) {
  if (const auto* barrier = std::get_if<functions::Barrier>(&joined.signal)) {
    if (isEnding() && barrier->drains) {
      stop_barrier_ = std::move(joined);
      return;
    }
    return checkpoints_->onBarrier(
        *barrier, {joined.alignment, joined.last_channel, std::move(joined.in_flight)});
  }
  chain_->receive(joined.port, joined.signal);
  parts_.outputs.noteDue(parts_.clock.now());
  if (parts_.input.ended()) {
    inputEnded();
  }
}

/// The end has gone through all operators: what waited for it follows.
void TaskSteps::settleEnd() {
  parts_.outputs.noteFlushed();
  input_ended_ = true;
  checkpoints_->inputEnded();
  parts_.reports.inputEnded();
  if (const auto order = std::exchange(stop_order_, std::nullopt)) {
    checkpoints_->onTrigger(*order);
  }
  if (auto joined = std::exchange(stop_barrier_, std::nullopt)) {
    onSignal(*std::move(joined));
  }
}

void TaskSteps::declineEndless() {
  const CheckpointId checkpoint =
      stop_order_ ? stop_order_->checkpoint
                  : std::get<functions::Barrier>(stop_barrier_->signal).checkpoint;
  if (checkpoint == declined_) {
    return;
  }
  if (const auto why = chain_->background().endless()) {
    declined_ = checkpoint;
    checkpoints_->decline(checkpoint, *why);
  }
}

void TaskSteps::inputEnded() {
  ending_ = true;
  if (!chain_->background().holdsEnd()) {
    settleEnd();
  }
}

}  // namespace weir::worker
