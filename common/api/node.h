#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/functions/operator.h"
#include "common/functions/time.h"
#include "common/program/stream_graph.h"

/// A node of the graph before it is part of one.
namespace weir::api {

/// What an operator's factories learn only when the whole graph stands. Shared by the program,
/// which fills it in before any factory runs, and the factories, which only read it.
struct NodeFacts {
  std::string payload;  ///< As it was computed at submission.
  std::uint32_t max_parallelism = 4096;
  TimeSettings time;
};
using SharedFacts = std::shared_ptr<const NodeFacts>;

/// Makes the writers of an edge once its partitioning and its consumer are known.
using WriterMaker =
    std::function<functions::EdgeWriterFactory(graph::Partitioning, SharedFacts consumer)>;

/// One producer of a stream.
struct StreamInput {
  std::uint32_t node = 0;
  std::optional<graph::Partitioning> partitioning;
  WriterMaker make_writer;
  functions::EdgeReaderFactory make_reader;
  std::string side{};                     ///< The output tag; empty: the operator's output.
  record::Schema (*records)() = nullptr;  ///< As that of graph::StreamEdge.
};

/// Makes the operators of a node, one for each subtask. Any thread.
class OperatorMaker {
 public:
  virtual ~OperatorMaker();
  virtual std::unique_ptr<functions::Operator> make(const NodeFacts& facts) const = 0;
};
/// One that calls `make`, which copies what the program handed over: one call at a time, as
/// StateOwner asks.
template <typename Make>
class OperatorMakerOf final : public OperatorMaker {
 public:
  explicit OperatorMakerOf(Make&& make) : make_(std::move(make)) {}
  std::unique_ptr<functions::Operator> make(const NodeFacts& facts) const override {
    const std::lock_guard lock(mutex_);
    return std::unique_ptr<functions::Operator>(make_(facts));
  }

 private:
  mutable std::mutex mutex_;
  Make make_;
};

/// An operator to be added.
struct NodeSpec {
  NodeSpec();
  NodeSpec(NodeSpec&& other) noexcept;
  NodeSpec& operator=(NodeSpec&& other) noexcept;
  ~NodeSpec();

  /// make: a callable Operator*(const NodeFacts&) that is const and gives a new one.
  template <typename Make>
  void makeBy(Make&& make) {
    setMaker(std::unique_ptr<const OperatorMaker>(new OperatorMakerOf<Make>(std::move(make))));
  }
  void setMaker(std::unique_ptr<const OperatorMaker> maker);

  graph::StreamNode node;
  /// Producers by input port.
  std::vector<std::vector<StreamInput>> inputs;
  /// Makes the operator's factory.
  std::function<functions::OperatorFactory(SharedFacts)> make_factory;
};

}  // namespace weir::api
