#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/schema/schema.h"
#include "common/schema/state_kinds.h"
#include "common/schema/window_schema.h"

namespace weir::graph {

enum class Partitioning : std::uint8_t {
  kForward = 1,
  kHash = 2,
  kShuffle = 3,
  kRebalance = 4,
  kRescale = 5,
  kBroadcast = 6,
  kGlobal = 7,
  kCustom = 8,
};

/// Forward and rescale connect each producer with a few consumers, the others all with all.
constexpr bool isPointwise(Partitioning partitioning) {
  return partitioning == Partitioning::kForward || partitioning == Partitioning::kRescale;
}

/// State that an operator declares before anything runs.
struct StateDeclaration {
  std::string name;
  state::StateKind kind = state::StateKind::kValue;
  record::Schema key;                       ///< Of the stream's key; for operator state empty.
  record::Schema value;                     ///< Of the value, element or accumulator.
  std::vector<std::string> former_names{};  ///< As those of state::StateInfo.
  bool operator==(const StateDeclaration&) const = default;
};

/// One operator: what savepoints, lists and errors call by its name, uid and id.
struct JobOperator {
  OperatorId id;
  std::string uid;  ///< Empty when the id is generated.
  std::string name;
  std::string kind;  ///< "map", "source", ...: enters generated ids and the fingerprint.
  std::uint32_t siblings =
      1;  ///< How many operators of equal structure share a generated id's root.
  std::uint32_t parallelism = 1;
  std::uint32_t max_parallelism = 4096;
  std::vector<StateDeclaration> states;
  bool stateful = false;  ///< Declares state, or has operator state or a late one.
  /// Asks for no keyed state in open(): `states` is all that it can have. Earlier releases did not
  /// say.
  bool all_states_declared = false;
  state::WindowSchema windows{};  ///< That its keyed state is in. Earlier releases did not say.
  bool fixed_parallelism_state = false;  ///< Checkpointed<S>: refuses another parallelism.
  bool custom_handles = false;           ///< Checkpointed<S> with S derived from StateHandle.
  std::string payload;  ///< Elements computed at submission (fromElements); not in the fingerprint.
  std::optional<std::chrono::milliseconds> buffer_timeout;
};

/// Inside a chain: an operator hands its batches straight to another one of the same subtask.
struct ChainLink {
  std::uint32_t source = 0;  ///< Index into JobGraph::operators.
  std::uint32_t target = 0;
  std::uint32_t port = 0;  ///< Input port of the target.
};

/// A chain of operators that run in one thread, times its parallelism.
struct JobVertex {
  OperatorId id;     ///< That of its head.
  std::string name;  ///< "A -> B", or "A -> (B, C -> D)".
  std::uint32_t parallelism = 1;
  std::uint32_t max_parallelism = 4096;
  std::string slot_sharing_group = "default";
  std::vector<std::uint32_t> operators;  ///< Head first, each after its input.
  std::vector<ChainLink> links;
};

/// Records that cross from one vertex to another.
struct JobEdge {
  std::uint32_t source_vertex = 0;
  std::uint32_t target_vertex = 0;
  std::uint32_t source_operator = 0;  ///< Index into JobGraph::operators.
  std::uint32_t target_operator = 0;
  std::uint32_t port = 0;
  Partitioning partitioning = Partitioning::kForward;
  /// The type of the records; an empty tuple where an earlier release built the graph.
  record::Schema records{};
};

enum class CheckpointingMode : std::uint8_t { kExactlyOnce = 1, kAtLeastOnce = 2 };

/// Checkpointing as the program asked for it.
struct CheckpointSettings {
  bool enabled = false;
  std::chrono::milliseconds interval{0};
  CheckpointingMode mode = CheckpointingMode::kExactlyOnce;
  std::chrono::milliseconds timeout{600'000};
  std::chrono::milliseconds min_pause{0};
  std::uint32_t max_concurrent = 1;
  /// Barriers of checkpoints, never of savepoints, may overtake records, which then become part of
  /// the checkpoint; with kExactlyOnce only.
  bool unaligned = false;
  std::chrono::milliseconds aligned_timeout{0};  ///< How long they wait for records first.
};

/// When and how often a failed job is started again.
struct RestartStrategy {
  enum class Kind : std::uint8_t {
    kDefault = 0,  ///< What the configuration says; with checkpointing exponential delay.
    kNone = 1,
    kFixedDelay = 2,
    kFailureRate = 3,
    kExponentialDelay = 4,
  };
  Kind kind = Kind::kDefault;
  std::uint32_t attempts = 1;                  ///< Fixed delay: restarts over the job's life.
  std::chrono::milliseconds delay{10'000};     ///< Fixed delay and failure rate.
  std::uint32_t max_failures = 1;              ///< Failure rate: failures per interval.
  std::chrono::milliseconds interval{60'000};  ///< Failure rate.
  std::chrono::milliseconds initial_backoff{100};
  std::chrono::milliseconds max_backoff{10'000};
  double multiplier = 2.0;
  std::chrono::milliseconds reset_after{600'000};
};

/// A value that env.once(name, f) computed at submission.
struct OnceValue {
  std::string name;
  std::string bytes;
};

/// What holds it can be moved and not copied.
struct OnlyMoved {
  OnlyMoved() = default;
  OnlyMoved(OnlyMoved&&) = default;
  OnlyMoved& operator=(OnlyMoved&&) = default;
};

/// What a program builds and a job manager runs: a plain value that travels. What runs it stays in
/// the program's process (ProgramGraph in common/program). It may be large, payloads above all, and
/// is moved, never copied: whoever needs the same one holds a SharedGraph.
struct JobGraph {
  std::string name;
  std::uint32_t max_parallelism = 4096;
  std::vector<JobOperator> operators;
  std::vector<JobVertex> vertices;  ///< Each after its inputs.
  std::vector<JobEdge> edges;
  CheckpointSettings checkpoints;
  RestartStrategy restart;
  std::string state_backend;  ///< Set by the program (setStateBackend), else empty.
  std::vector<OnceValue> once;
  [[no_unique_address]] OnlyMoved only_moved{};
};

/// For whoever has to change what others hold.
JobGraph copyOf(const JobGraph& graph);

/// The first difference between the graph that was submitted and the one a worker built, as a
/// sentence naming the operator; empty when they agree. Payloads do not count.
std::string firstDifference(const JobGraph& submitted, const JobGraph& rebuilt);

/// The consumers that producer `subtask` of `producers` is connected with, as [first, last]:
/// all of them, or for pointwise edges Flink's distribution.
struct ChannelRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::uint32_t count() const { return last - first + 1; }
  bool contains(std::uint32_t subtask) const { return subtask >= first && subtask <= last; }
};
ChannelRange consumersOf(Partitioning partitioning,
                         std::uint32_t producer,
                         std::uint32_t producers,
                         std::uint32_t consumers);
ChannelRange producersOf(Partitioning partitioning,
                         std::uint32_t consumer,
                         std::uint32_t producers,
                         std::uint32_t consumers);

}  // namespace weir::graph
