#include "common/testing/job_task.h"

#include <chrono>
#include <limits>
#include <stdexcept>
#include <utility>
#include <variant>

#include "taskmanager/worker/checkpoint/section_sink.h"
#include "taskmanager/worker/checkpoint/shared_section.h"
#include "taskmanager/worker/network/channel_plan.h"
#include "taskmanager/worker/task/in_flight_restore.h"
#include "taskmanager/worker/task/task_chain.h"
#include "taskmanager/worker/task/task_checkpoints.h"

namespace weir::testing {

JobTask::JobTask(const Parts& parts,
                 std::uint32_t vertex,
                 std::uint32_t subtask,
                 Acknowledge acknowledge)
    : parts_(parts),
      id_{parts.deployment.graph->vertices[vertex].id, subtask},
      vertex_(vertex),
      acknowledge_(std::move(acknowledge)),
      input_(worker::planGate(parts.deployment.graph, vertex, subtask),
             parts.deployment.graph->checkpoints.mode,
             parts.buffers,
             signal_,
             parts.clock),
      outputs_(parts.buffers, signal_, stop_, parts.clock, std::chrono::milliseconds(0)) {}

JobTask::~JobTask() { cancel(); }

void JobTask::addOutput(std::uint32_t edge,
                        std::vector<std::unique_ptr<worker::OutputChannel>> channels) {
  outputs_.add(edge, std::move(channels));
}

const std::string& JobTask::name() const { return parts_.deployment.graph->vertices[vertex_].name; }

std::unique_ptr<worker::OperatorChain> JobTask::makeChain() {
  const graph::JobGraph& graph = parts_.deployment.graph;
  worker::ChainSetup setup;
  setup.graph = &graph;
  setup.code = &parts_.code;
  setup.vertex = vertex_;
  setup.task.job = parts_.deployment.execution.job;
  setup.task.job_name = graph.name;
  setup.task.attempt = parts_.deployment.execution.attempt;
  setup.task.task_name = name();
  setup.task.subtask = id_.subtask;
  setup.task.parallelism = graph.vertices[vertex_].parallelism;
  setup.task.checkpointing = graph.checkpoints.enabled;
  setup.task.files = &parts_.files;
  setup.waker = [] {};  // A source is asked in every round.
  setup.time = &parts_.time;
  setup.output = [this](std::uint32_t edge) -> functions::EdgeOutput& {
    return outputs_.edge(edge);
  };
  return std::make_unique<worker::OperatorChain>(setup);
}

void JobTask::prepare() {
  chain_ = makeChain();
  input_.connect(*chain_);
  worker::InFlightRestore in_flight(parts_.deployment, parts_.code, *chain_, vertex_, id_.subtask);
  const Status restored =
      worker::restoreChain(*chain_, parts_.deployment, vertex_, id_, parts_.files, in_flight);
  if (!restored.has_value()) {
    throw std::runtime_error(restored.error().text());
  }
  input_.replay(in_flight.take());
  chain_->open();
  if (isSource() && chain_->headFinished()) {
    endSource();
  }
}

bool JobTask::turn(std::size_t limit) {
  if (!outputs_.hasRoom()) {
    return false;
  }
  bool worked = chain_->alarmsWait();
  chain_->ringWaiting();
  worked = handOut() || worked;
  if (chain_->background().hasRoom()) {
    worked = (isSource() ? poll(limit) : read(limit)) || worked;
  }
  if (worked) {
    chain_->flush();
  }
  return worked;
}

/// What operators have beside the input, and the end that may have waited for it.
bool JobTask::handOut() {
  const bool ready = chain_->background().isReady();
  if (ready) {
    chain_->background().handOut();
  }
  const bool ends = ending_ && !ended_ && !chain_->background().holdsEnd();
  ended_ = ended_ || ends;
  return ready || ends;
}

bool JobTask::poll(std::size_t limit) {
  if (ending_) {
    return false;
  }
  const std::uint64_t before = chain_->recordsOut();
  const InputStatus status = chain_->poll(limit);
  if (status == InputStatus::kEndOfInput) {
    endSource();
  }
  return status != InputStatus::kNothingAvailable || chain_->recordsOut() != before;
}

bool JobTask::read(std::size_t limit) {
  switch (input_.next()) {
    case worker::TaskInput::Next::kNothing:
      return false;
    case worker::TaskInput::Next::kSignal:
      if (auto joined = input_.join()) {
        take(*std::move(joined));
      }
      return true;
    case worker::TaskInput::Next::kRecords:
      input_.read(limit);
      return true;
  }
  return false;
}

void JobTask::endSource() {
  chain_->receive(functions::Watermark{functions::Watermark::kEnd});
  chain_->receive(functions::EndOfInput{});
  ending_ = true;
  (void)handOut();
}

void JobTask::take(worker::TaskInput::Joined joined) {
  if (const auto* barrier = std::get_if<functions::Barrier>(&joined.signal)) {
    return snapshot(*barrier);
  }
  chain_->receive(joined.port, joined.signal);
  ending_ = input_.ended();
  (void)handOut();
}

void JobTask::snapshot(const functions::Barrier& barrier) {
  chain_->receive(barrier);
  runtime::CheckpointAck ack;
  ack.execution = parts_.deployment.execution;
  ack.checkpoint = barrier.checkpoint;
  ack.task = id_;
  ack.finished = ended_;
  const std::atomic<bool> unwanted{false};
  for (worker::FrozenOperator& one : worker::freeze(*chain_, barrier.checkpoint)) {
    worker::SectionSink sink(std::numeric_limits<std::uint64_t>::max(), nullptr, unwanted);
    auto written = worker::writeSection(one, sink);
    if (!written.has_value()) {
      throw std::runtime_error(std::move(written)
                                   .error()
                                   .during("store the state of operator '" + one.name + "'")
                                   .text());
    }
    if (!written->states.empty()) {
      written->handle.storage = runtime::SectionHandle::Storage::kInline;
      written->handle.bytes = sink.takeBytes();
    }
    ack.operators.push_back(*std::move(written));
  }
  acknowledge_(std::move(ack));
}

void JobTask::finish() {
  chain_->notifyFinished();
  chain_->close();
}

void JobTask::cancel() {
  if (chain_ != nullptr) {
    try {
      chain_->close();
    } catch (...) {  // NOLINT: the job has a cause already, or nobody asks.
    }
  }
}

}  // namespace weir::testing
