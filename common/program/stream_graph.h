#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/graph/job_graph.h"
#include "common/program/program_graph.h"

namespace weir::graph {

/// How an operator may share a thread with its input, as in Flink.
enum class Chaining : std::uint8_t {
  kAlways = 1,  ///< With its input and its consumers.
  kHead = 2,    ///< Starts a chain; consumers may join (sources, startNewChain()).
  kNever = 3,   ///< disableChaining().
};

/// What is known of an edge once the graph is complete; stands for its partitioning where only that
/// matters.
struct ResolvedEdge {
  Partitioning partitioning = Partitioning::kForward;
  /// Of the consumer, which may differ from the producer's: key groups are counted by it.
  std::uint32_t consumer_max_parallelism = 4096;

  ResolvedEdge(Partitioning resolved, std::uint32_t max_parallelism = 4096)  // NOLINT: on purpose.
      : partitioning(resolved), consumer_max_parallelism(max_parallelism) {}
  operator Partitioning() const { return partitioning; }  // NOLINT: on purpose.
};

/// One input of a node, in the order of declaration.
struct StreamEdge {
  std::uint32_t source = 0;  ///< Index of the producing node.
  std::uint32_t port = 0;    ///< Input port of the consumer (connect: 0 and 1).
  /// Absent: forward when the parallelisms agree, else rebalance.
  std::optional<Partitioning> partitioning;
  /// Builds the typed writer once the partitioning is known.
  std::function<functions::EdgeWriterFactory(ResolvedEdge)> make_writer;
  functions::EdgeReaderFactory make_reader;
  std::string side{};  ///< The output tag of the source that it carries; empty: its output.
  record::Schema (*records)() = nullptr;  ///< Of the type of its records; null: unknown.
};

/// One operator as the program wrote it. Zero or empty fields take the job's defaults.
struct StreamNode {
  StreamNode();  // These are not compiled into every job.
  ~StreamNode();
  StreamNode(const StreamNode&);
  StreamNode(StreamNode&&) noexcept;
  StreamNode& operator=(const StreamNode&);
  StreamNode& operator=(StreamNode&&) noexcept;

  std::string kind;
  std::string name;
  std::optional<std::string> uid;
  std::uint32_t parallelism = 0;
  std::uint32_t max_parallelism = 0;
  bool non_parallel = false;  ///< Parallelism is 1 and another one is refused.
  Chaining chaining = Chaining::kAlways;
  std::optional<std::string> slot_sharing_group;
  /// Each subtask runs in one process with that of this earlier node: what is set here of
  /// parallelism and slot sharing does not count.
  std::optional<std::uint32_t> placed_with;
  std::optional<std::chrono::milliseconds> buffer_timeout;
  std::vector<StateDeclaration> states;
  bool stateful = false;
  bool all_states_declared = false;  ///< See JobOperator, as the next.
  state::WindowSchema windows = state::byKeyAlone();
  bool fixed_parallelism_state = false;
  bool custom_handles = false;
  std::string payload;
  std::string output_path;  ///< What a sink writes and nobody else may; empty: nothing.
  functions::OperatorFactory factory;
  functions::HandleReader handle_reader;  ///< With custom_handles.
  std::vector<StreamEdge> inputs;
  std::vector<std::string> errors;  ///< What the program did wrong here; reported by translate().
};

/// What a program builds, operator by operator, before chaining and ids.
class StreamGraph {
 public:
  /// Settings of the environment.
  struct Settings {
    std::string job_name;
    std::uint32_t default_parallelism = 1;
    std::uint32_t max_parallelism = 0;  ///< 0: 4096.
    bool chaining = true;
    CheckpointSettings checkpoints;
    RestartStrategy restart;
    std::string state_backend;
    std::vector<OnceValue> once;
  };

  /// Returns the index that edges name. Inputs come before their consumers.
  std::uint32_t add(StreamNode node);
  StreamNode& node(std::uint32_t index) { return nodes_[index]; }
  const std::vector<StreamNode>& nodes() const { return nodes_; }

  /// Resolves parallelism, partitioning, ids and chains. Errors name the operators: no operator,
  /// equal uids, an empty uid, a uid that hashes to another operator's generated id, a parallelism
  /// above the maximum, forward between different parallelisms, two states of one name, two
  /// sinks of one path, and what the nodes themselves carry in `errors`.
  Result<ProgramGraph> translate(const Settings& settings) const;

 private:
  std::vector<StreamNode> nodes_;
};

}  // namespace weir::graph
