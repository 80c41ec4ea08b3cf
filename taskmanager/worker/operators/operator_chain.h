#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/functions/accumulator_registry.h"
#include "common/functions/at_work.h"
#include "common/functions/operator.h"
#include "common/graph/job_graph.h"
#include "common/program/program_graph.h"
#include "common/runtime/messages.h"
#include "taskmanager/worker/operators/chain_background.h"

namespace weir::worker {

class ChainContext;

/// What a chain is built from.
struct ChainSetup {
  const graph::JobGraph* graph = nullptr;    ///< Outlives the chain.
  const graph::ProgramCode* code = nullptr;  ///< Of that graph; likewise.
  std::uint32_t vertex = 0;
  functions::TaskInfo task;                   ///< Without the operator's part.
  std::function<void()> waker;                ///< Handed to the sources.
  functions::ProcessingTime* time = nullptr;  ///< Outlives the chain.
  /// By index into JobGraph::edges, for every edge that leaves the vertex; outlive the chain.
  std::function<functions::EdgeOutput&(std::uint32_t edge)> output;
  /// What the accumulators of all operators may hold, in bytes.
  std::uint64_t most_accumulators = std::numeric_limits<std::uint64_t>::max();
};

/// The operators of one subtask, linked: records that enter the head leave through edge writers,
/// and signals in order with them.
///
/// Lives as long as its task's attempt, on the task's thread. What user code throws passes through
/// every call; where() then names the operator that it came out of.
class OperatorChain {
 public:
  /// Makes, sets up and links the operators, writers and readers.
  explicit OperatorChain(const ChainSetup& setup);
  ~OperatorChain();
  OperatorChain(const OperatorChain&) = delete;
  OperatorChain& operator=(const OperatorChain&) = delete;

  /// Gives operator `index` its state back; before open(). `finished`: its input had ended, which
  /// its user's code is not told again.
  Status restore(std::size_t index, const functions::OperatorRestore& restore);
  void setFinished(std::size_t index);
  /// The head was finished before: a source is not polled again.
  bool headFinished() const { return nodes_.front().finished; }

  /// Opens every operator, consumers before their producers.
  void open();
  /// Sources only: one batch of about `limit` records.
  InputStatus poll(std::size_t limit) { return head().poll(limit); }
  /// Whether a source's records went through chained operators.
  bool handledOwnRecords() const;
  SteadyTime pollAgainAt() const { return nodes_.front().self->pollAgainAt(); }
  /// The reader of an incoming edge.
  functions::EdgeReader& reader(std::uint32_t edge);

  /// A signal of all that feeds `port` of the head, behind the records that the readers handed on.
  void receive(std::uint32_t port, const functions::Signal& signal);
  /// One of the whole input, or of a source: runs from operator to operator and out on all edges.
  void receive(const functions::Signal& signal);
  /// Hands everything collected to the edges and emits started buffers.
  void flush();

  /// The frozen state of every operator, head first; null where there is none.
  std::vector<std::unique_ptr<state::FrozenState>> snapshot(CheckpointId checkpoint);
  void notifyComplete(CheckpointId checkpoint);
  void notifyAborted(CheckpointId checkpoint);
  /// The job is finished; before close().
  void notifyFinished();

  /// Whether an alarm that was due may ring now, for which there was no room before.
  bool alarmsWait() const;
  void ringWaiting();

  /// Lives as long as the chain.
  ChainBackground& background() { return background_; }
  const ChainBackground& background() const { return background_; }
  /// Closes every operator once, head first, also after others threw; the first exception is thrown
  /// again at the end. Idempotent.
  void close();

  std::size_t size() const { return nodes_.size(); }
  const graph::JobOperator& description(std::size_t index) const { return *nodes_[index].what; }
  std::vector<runtime::AccumulatorValue> accumulators() const;
  /// What its keyed states hold, the largest ones first, and a bounded number of them.
  std::vector<runtime::StateUsage> stateUsage() const;
  /// Records that came in and went out over edges.
  std::uint64_t recordsIn() const;
  std::uint64_t recordsOut() const;
  /// The operator that an exception has just come out of; the chain where none can be named, as for
  /// records that cannot be read. On the task's thread.
  const std::string& where() const;

 private:
  struct Node {
    const graph::JobOperator* what = nullptr;  // In the graph.
    std::unique_ptr<ChainContext> context;     // Outlives `self`.
    std::unique_ptr<functions::Operator> self;
    bool finished = false;
  };
  struct Edge {  // Incoming.
    std::uint32_t index = 0;
    std::uint32_t port = 0;  // Of the head.
    std::unique_ptr<functions::EdgeReader> reader;
  };

  functions::Operator& head() { return *nodes_.front().self; }
  std::size_t position(std::uint32_t operator_index) const;
  void linkOperators(const graph::ProgramCode& code);
  void connectEdges(const ChainSetup& setup);
  /// Calls an operator's own code: named while it runs, and only while the worker may act.
  template <typename Call>
  void during(std::size_t node, Call call);

  const graph::JobVertex& vertex_;  // In the graph.
  functions::AccumulatorRegistry accumulators_;
  const std::string* where_;  // In the graph.
  const Lease* lease_;        // Of the worker process; may be null.
  bool closed_ = false;
  std::vector<std::unique_ptr<functions::EdgeWriter>> writers_;  // Outlive the operators.
  ChainBackground background_;                                   // Likewise.
  std::vector<Node> nodes_;                                      // Head first.
  std::vector<Edge> edges_;
  std::vector<functions::EdgeReader*> ports_;  // Of the head: a reader of each.
};

}  // namespace weir::worker
