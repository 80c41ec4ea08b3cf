#include "taskmanager/worker/operators/operator_chain.h"

#include <algorithm>
#include <cassert>
#include <exception>
#include <utility>

#include "common/functions/output.h"
#include "taskmanager/worker/operators/chain_context.h"
#include "taskmanager/worker/operators/state_usage.h"

namespace weir::worker {

namespace {

/// `side`: the output tag; empty: the output.
void addConsumer(functions::Operator& source,
                 const std::string& side,
                 functions::AnyReceiver& consumer) {
  if (side.empty()) {
    source.addOutput(consumer);
  } else {
    source.addSideOutput(side, consumer);
  }
}

}  // namespace

OperatorChain::OperatorChain(const ChainSetup& setup)
    : vertex_(setup.graph->vertices[setup.vertex]),
      where_(&vertex_.name),
      lease_(setup.task.lease) {
  accumulators_.limit(setup.most_accumulators);
  nodes_.reserve(vertex_.operators.size());
  for (const std::uint32_t index : vertex_.operators) {
    Node node;
    node.what = &setup.graph->operators[index];
    functions::TaskInfo task = setup.task;
    task.operator_id = node.what->id;
    task.operator_name = node.what->name;
    task.max_parallelism = node.what->max_parallelism;
    node.context = std::make_unique<ChainContext>(
        std::move(task), accumulators_, setup.waker, *setup.time, background_, nodes_.size());
    where_ = &node.what->name;
    node.self = setup.code->operators[index].make();
    node.self->setup(*node.context);
    background_.add(*node.self);
    nodes_.push_back(std::move(node));
  }
  linkOperators(*setup.code);
  connectEdges(setup);
  where_ = &vertex_.name;
}

OperatorChain::~OperatorChain() = default;

std::size_t OperatorChain::position(std::uint32_t operator_index) const {
  const auto& all = vertex_.operators;
  const auto found = std::find(all.begin(), all.end(), operator_index);
  assert(found != all.end());
  return static_cast<std::size_t>(found - all.begin());
}

void OperatorChain::linkOperators(const graph::ProgramCode& code) {
  for (const graph::ChainLink& one : vertex_.links) {
    Node& source = nodes_[position(one.source)];
    const std::size_t target = position(one.target);
    addConsumer(
        *source.self, code.operators[one.target].side, *nodes_[target].self->input(one.port));
  }
}

void OperatorChain::connectEdges(const ChainSetup& setup) {
  for (std::uint32_t index = 0; index < setup.graph->edges.size(); ++index) {
    const graph::JobEdge& edge = setup.graph->edges[index];
    const graph::EdgeCode& code = setup.code->edges[index];
    if (edge.source_vertex == setup.vertex) {
      Node& source = nodes_[position(edge.source_operator)];
      writers_.push_back(code.make_writer(setup.output(index), source.context->task()));
      addConsumer(*source.self, code.side, writers_.back()->receiver());
    }
    if (edge.target_vertex == setup.vertex) {
      assert(position(edge.target_operator) == 0);  // What is chained has one input, its producer.
      edges_.push_back(Edge{index, edge.port, code.make_reader(*head().input(edge.port))});
      ports_.resize(std::max<std::size_t>(ports_.size(), edge.port + 1));
      ports_[edge.port] = edges_.back().reader.get();
    }
  }
}

template <typename Call>
void OperatorChain::during(std::size_t node, Call call) {
  if (lease_ != nullptr) {
    lease_->enforce();
  }
  functions::Operator& self = *nodes_[node].self;
  functions::workOfThread().thrower = nullptr;
  where_ = &nodes_[node].what->name;
  if (functions::Work* work = self.work(); work != nullptr) {
    const functions::AtWork at_work(*work, 0);
    call(self);
  } else {
    call(self);
  }
  where_ = &vertex_.name;
}

Status OperatorChain::restore(std::size_t index, const functions::OperatorRestore& restore) {
  Status status = ok();
  during(index, [&](functions::Operator& self) { status = self.restore(restore); });
  return std::move(status).during("restore operator '" + nodes_[index].what->name + "'");
}

void OperatorChain::setFinished(std::size_t index) {
  nodes_[index].finished = true;
  nodes_[index].self->setFinished();
}

void OperatorChain::open() {
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    during(i, [](functions::Operator& self) { self.open(); });
  }
}

bool OperatorChain::alarmsWait() const {
  return std::ranges::any_of(nodes_,
                             [](const Node& node) { return node.context->time().isReady(); });
}

void OperatorChain::ringWaiting() {
  functions::workOfThread().thrower = nullptr;
  for (const Node& node : nodes_) {
    node.context->time().ring();
  }
}

bool OperatorChain::handledOwnRecords() const {
  const auto* source = dynamic_cast<const functions::HandsOn*>(nodes_.front().self.get());
  return nodes_.size() > 1 && source != nullptr && source->handedOn() > 0;
}

functions::EdgeReader& OperatorChain::reader(std::uint32_t edge) {
  const auto found = std::find_if(
      edges_.begin(), edges_.end(), [&](const Edge& one) { return one.index == edge; });
  assert(found != edges_.end());
  return *found->reader;
}

void OperatorChain::receive(std::uint32_t port, const functions::Signal& signal) {
  ports_[port]->receive(signal);
}

void OperatorChain::receive(const functions::Signal& signal) {
  for (functions::EdgeReader* port : ports_) {
    port->receive(signal);
  }
  if (ports_.empty()) {
    during(0, [&](functions::Operator& self) { self.emit(signal); });
  }
}

void OperatorChain::flush() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    during(i, [](functions::Operator& self) { self.flush(); });
  }
  for (const auto& writer : writers_) {
    writer->flush();
  }
}

std::vector<std::unique_ptr<state::FrozenState>> OperatorChain::snapshot(CheckpointId checkpoint) {
  std::vector<std::unique_ptr<state::FrozenState>> frozen;
  frozen.reserve(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    during(i, [&](functions::Operator& self) { frozen.push_back(self.snapshot(checkpoint)); });
  }
  return frozen;
}

void OperatorChain::notifyComplete(CheckpointId checkpoint) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    during(i, [&](functions::Operator& self) { self.notifyCheckpointComplete(checkpoint); });
  }
}

void OperatorChain::notifyAborted(CheckpointId checkpoint) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    during(i, [&](functions::Operator& self) { self.notifyCheckpointAborted(checkpoint); });
  }
}

void OperatorChain::notifyFinished() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    during(i, [](functions::Operator& self) { self.notifyFinished(); });
  }
}

void OperatorChain::close() {
  if (std::exchange(closed_, true)) {
    return;
  }
  accumulators_.freeze();
  std::exception_ptr first;
  const std::string* first_where = nullptr;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    try {
      during(i, [](functions::Operator& self) { self.close(); });
    } catch (...) {
      if (!first) {
        first = std::current_exception();
        first_where = &where();
      }
    }
  }
  if (first) {
    functions::workOfThread().thrower = nullptr;
    where_ = first_where;
    std::rethrow_exception(first);
  }
}

const std::string& OperatorChain::where() const {
  const functions::Work* thrower = functions::workOfThread().thrower;
  return thrower == nullptr ? *where_ : thrower->operator_name;
}

std::vector<runtime::AccumulatorValue> OperatorChain::accumulators() const {
  std::vector<runtime::AccumulatorValue> values;
  for (auto& value : accumulators_.values()) {
    values.push_back(runtime::AccumulatorValue{value.name, value.type, value.bytes});
  }
  return values;
}

std::vector<runtime::StateUsage> OperatorChain::stateUsage() const {
  std::vector<runtime::StateUsage> usage;
  for (const Node& node : nodes_) {
    addUsage(*node.what, node.self->keyedState(), usage);
  }
  keepLargest(usage);
  return usage;
}

std::uint64_t OperatorChain::recordsIn() const {
  std::uint64_t sum = 0;
  for (const Edge& edge : edges_) {
    sum += edge.reader->records();
  }
  return sum;
}

std::uint64_t OperatorChain::recordsOut() const {
  std::uint64_t sum = 0;
  for (const auto& writer : writers_) {
    sum += writer->records();
  }
  return sum;
}

}  // namespace weir::worker
