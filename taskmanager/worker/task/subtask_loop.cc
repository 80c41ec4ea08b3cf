#include <algorithm>
#include <utility>

#include "taskmanager/worker/task/subtask_thread.h"

namespace weir::worker {

namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

std::uint32_t toMillis(Duration duration) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

bool sameMetrics(const runtime::TaskMetrics& a, const runtime::TaskMetrics& b) {
  return a.records_in == b.records_in && a.records_out == b.records_out &&
         a.bytes_in == b.bytes_in && a.bytes_out == b.bytes_out;
}

bool sameValues(const std::vector<runtime::AccumulatorValue>& a,
                const std::vector<runtime::AccumulatorValue>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.name == y.name && x.bytes == y.bytes;
  });
}

}  // namespace

void SubtaskThread::loop() {
  if (isSource() && chain_->headFinished()) {
    chain_->endSource();
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
  if (stop_.load(std::memory_order_acquire)) {
    throw functions::CancelledException();
  }
  if (!mailbox_.filled()) {
    return;
  }
  for (const Mail& mail : mailbox_.takeAll()) {
    std::visit(Overloaded{[this](const runtime::CheckpointOrder& order) {
                            if (isSource() && order.checkpoint > last_snapshot_) {
                              takeSnapshot(order, Duration{});
                            }
                          },
                          [this](const NotifyMail& notify) { onNotify(notify); },
                          [this](const FinishMail&) { finish_ = true; }},
               mail);
  }
  now_ = services_.clock.now();
}

SubtaskThread::Step SubtaskThread::step() {
  if (!outputsHaveRoom()) {
    return Step::kBlocked;
  }
  return isSource() ? poll() : read();
}

bool SubtaskThread::outputsHaveRoom() {
  bool all = true;
  for (auto& [edge, sender] : senders_) {
    all = sender->hasRoom() && all;
  }
  return all;
}

SubtaskThread::Step SubtaskThread::poll() {
  if (input_ended_) {
    return Step::kIdle;
  }
  if (next_poll_ != SteadyTime{}) {
    now_ = services_.clock.now();
    if (!waker_.take() && now_ < next_poll_) {
      return Step::kIdle;
    }
    next_poll_ = SteadyTime{};
  }
  const SteadyTime start = now_;
  const Duration waited = waitedForRoom();
  const InputStatus status = chain_->poll(pace_.limit());
  notePolled();
  const SteadyTime end = worked(start, waited, status == InputStatus::kMoreAvailable);
  if (status == InputStatus::kMoreAvailable) {
    back_off_.reset();
    return Step::kWorked;
  }
  if (status == InputStatus::kEndOfInput) {
    chain_->endSource();
    inputEnded();
    return Step::kWorked;
  }
  const SteadyTime wanted = chain_->pollAgainAt();
  next_poll_ = wanted == SteadyTime::max() ? end + back_off_.next() : wanted;
  return Step::kIdle;
}

void SubtaskThread::notePolled() {
  if (!processed_.load(std::memory_order_relaxed) && chain_->handledOwnRecords()) {
    processed_.store(true, std::memory_order_relaxed);
  }
}

SubtaskThread::Step SubtaskThread::read() {
  if (!current_) {
    current_ = gate_.next();
    if (!current_) {
      return Step::kIdle;
    }
    if (current_->event) {
      const Arrival arrival = *std::exchange(current_, std::nullopt);
      onEvent(arrival.channel, *arrival.event);
      now_ = services_.clock.now();
      return Step::kWorked;
    }
    offset_ = 0;
    reading_ = &ports_[port_of_[current_->channel]];
    reading_->reader->begin();
    bytes_in_ += current_->buffer.size();
  }
  const SteadyTime start = now_;
  const Duration waited = waitedForRoom();
  offset_ += reading_->reader->read(current_->buffer.view().subspan(offset_), pace_.limit());
  processed_.store(true, std::memory_order_relaxed);
  const bool whole = offset_ >= current_->buffer.size();
  if (whole) {
    gate_.recycle(current_->channel, std::move(current_->buffer));
    current_.reset();
  }
  worked(start, waited, !whole);
  return Step::kWorked;
}

Duration SubtaskThread::waitedForRoom() const {
  Duration sum{};
  for (const auto& [edge, sender] : senders_) {
    sum += sender->waited();
  }
  return sum;
}

SteadyTime SubtaskThread::worked(SteadyTime start, Duration waited_before, bool full) {
  const SteadyTime end = services_.clock.now();
  const Duration waiting = waitedForRoom() - waited_before;
  pace_.took(end - start - waiting, waiting, full);
  if (!std::exchange(dirty_, true)) {
    flush_due_ = end + buffer_timeout_;
  }
  now_ = end;
  return end;
}

void SubtaskThread::afterWork() {
  reported_stale_ = true;
  if (dirty_ && buffer_timeout_.count() >= 0 && now_ >= flush_due_) {
    flush();
  }
  if (now_ >= next_report_) {
    reportProgress(now_);
  }
}

void SubtaskThread::rest(Step step) {
  if (step == Step::kIdle && dirty_) {
    reported_stale_ = true;
    if (buffer_timeout_.count() >= 0) {
      return flush();  // It may have waited and missed a wake-up: look at everything again.
    }
    dirty_ = false;
  }
  gate_.returnCredits();
  if (reported_stale_ && now_ >= next_report_) {
    return reportProgress(now_);
  }
  SteadyTime deadline = reported_stale_ ? next_report_ : SteadyTime::max();
  if (step == Step::kIdle && next_poll_ != SteadyTime{} && !input_ended_) {
    deadline = std::min(deadline, next_poll_);
  }
  signal_.wait(deadline);
  now_ = services_.clock.now();
}

void SubtaskThread::flush() {
  chain_->flush();
  dirty_ = false;
  now_ = services_.clock.now();
}

void SubtaskThread::reportProgress(SteadyTime now) {
  next_report_ = now + kReportInterval;
  reported_stale_ = false;
  const runtime::TaskMetrics metrics = this->metrics();
  std::vector<runtime::AccumulatorValue> accumulators = this->accumulators();
  if (!sameMetrics(metrics, reported_metrics_) ||
      !sameValues(accumulators, reported_accumulators_)) {
    reported_metrics_ = metrics;
    reported_accumulators_ = std::move(accumulators);
    report(runtime::TaskState::kRunning);
  }
}

void SubtaskThread::onEvent(std::uint32_t channel, const Event& event) {
  if (event.kind == Event::Kind::kEndOfInput) {
    return onEndOfInput(channel);
  }
  apply(channel, barriers_->onBarrier(channel, event.order, services_.clock.now()));
}

void SubtaskThread::apply(std::uint32_t channel, BarrierVerdict verdict) {
  if (verdict.release) {
    gate_.unblockAll();
  }
  if (verdict.block) {
    gate_.block(channel);
  }
  if (verdict.snapshot) {
    takeSnapshot(*verdict.snapshot, verdict.alignment);
  }
}

void SubtaskThread::onEndOfInput(std::uint32_t channel) {
  Port& port = ports_[port_of_[channel]];
  if (port.open == 0 || --port.open != 0) {
    return;
  }
  chain_->endEdge(port.edge);
  dirty_ = true;
  flush_due_ = services_.clock.now();
  if (--open_ports_ == 0) {
    inputEnded();
  }
}

void SubtaskThread::inputEnded() {
  flush();
  for (auto& [edge, sender] : senders_) {
    sender->broadcast(Event::endOfInput());
  }
  input_ended_ = true;
  report(runtime::TaskState::kRunning);
}

void SubtaskThread::takeSnapshot(const runtime::CheckpointOrder& order, Duration alignment) {
  last_snapshot_ = order.checkpoint;
  flush();
  for (auto& [edge, sender] : senders_) {
    sender->broadcast(Event::barrier(order));
  }
  const SteadyTime start = services_.clock.now();
  auto frozen = chain_->snapshot(order.checkpoint);
  Snapshot snapshot;
  snapshot.task = id_;
  snapshot.task_name = deployment_.graph.vertices[vertex_].name;
  snapshot.order = order;
  snapshot.finished = input_ended_;
  snapshot.alignment_millis = toMillis(alignment);
  snapshot.freeze_millis = toMillis(services_.clock.now() - start);
  for (std::size_t i = 0; i < frozen.size(); ++i) {
    const graph::JobOperator& what = chain_->description(i);
    FrozenOperator one{what.id, what.name, std::move(frozen[i]), {}};
    for (const graph::DeclaredState& declared : what.states) {
      one.declared.insert(declared.name);
    }
    snapshot.operators.push_back(std::move(one));
  }
  services_.snapshots.store(std::move(snapshot));
}

void SubtaskThread::onNotify(const NotifyMail& mail) {
  if (mail.completed) {
    return chain_->notifyComplete(mail.checkpoint);
  }
  apply(0, barriers_->onAborted(mail.checkpoint));
  chain_->notifyAborted(mail.checkpoint);
}

}  // namespace weir::worker
