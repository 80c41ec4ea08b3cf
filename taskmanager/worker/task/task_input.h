#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/functions/signal_join.h"
#include "common/graph/job_graph.h"
#include "taskmanager/worker/checkpoint/barrier_handler.h"
#include "taskmanager/worker/memory/buffer_pool.h"
#include "taskmanager/worker/network/channel_plan.h"
#include "taskmanager/worker/network/input_gate.h"
#include "taskmanager/worker/operators/operator_chain.h"
#include "taskmanager/worker/task/overtaken_input.h"

namespace weir::worker {

/// Everything that enters one subtask from other vertices, made one sequence of elements out of
/// those of its channels: records as they come, barriers once they are aligned over all channels,
/// other signals once all channels of their port have them. Before these come the elements that
/// were in flight in the checkpoint that the task is restored from.
///
/// Owns the gate, and has the buffer at hand. Lives as long as its task. Threads: the task's; the
/// gate as it says.
class TaskInput {
 public:
  /// References outlive it. `overtaken`: what barriers may overtake, if they may.
  TaskInput(const std::vector<GateSection>& sections,
            graph::CheckpointingMode mode,
            BufferPool& buffers,
            WakeSignal& signal,
            const Clock& clock,
            std::optional<OvertakenInput> overtaken = {});

  /// A source has no channels.
  bool empty() const { return sections_.empty(); }
  InputGate& gate() { return gate_; }
  /// Records go to the readers of `chain`, which outlives what is read.
  void connect(OperatorChain& chain);
  /// What comes before all that the gate has; before the first next().
  void replay(std::vector<Arrival> elements);

  enum class Next : std::uint8_t { kNothing, kRecords, kSignal };
  /// Looks what is at hand: the rest of a buffer, else what the gate has.
  Next next();
  /// After kRecords: reads about `limit` of them; false when the buffer is used up.
  bool read(std::size_t limit);
  /// A signal of the whole input, or of one port of it.
  struct Joined {
    functions::Signal signal;
    std::uint32_t port = 0;          ///< Of the head; no meaning for barriers, which concern all.
    Duration alignment{};            ///< Of a barrier: from the first channel's to the last one's.
    std::uint32_t last_channel = 0;  ///< Of a barrier: that brought the last one, from 1.
    bool overtaken = false;          ///< Of a barrier: it has come out of turn,
    std::vector<InFlightRecords> in_flight{};  ///< in front of these, which are read later.
  };
  /// After kSignal: takes it, and answers what has come with it, if all channels have it now.
  std::optional<Joined> join();
  /// From when on a barrier can come out of turn; SteadyTime::max() while none can.
  SteadyTime overtakesAt();
  /// Between two calls of read(): the barrier whose time that is.
  std::optional<Joined> overtake();
  /// Gives the alignment of a checkpoint up.
  void abort(CheckpointId checkpoint);

  /// Whether all ports have ended.
  bool ended() const { return open_ports_ == 0; }
  std::uint64_t bytesRead() const { return bytes_read_; }

 private:
  struct Section {  // The channels of one incoming edge.
    std::uint32_t edge = 0;
    std::uint32_t first = 0;  // Of its channels.
    functions::EdgeReader* reader = nullptr;
  };
  struct Channel {
    std::uint32_t section = 0;
    std::uint32_t port = 0;
    std::uint32_t index = 0;  // Among the channels of its port.
  };

  /// The last of what was in flight may have been read.
  void noteReplayed() const;
  std::optional<Joined> align(std::uint32_t channel, const functions::Barrier& barrier);
  void apply(std::uint32_t channel, const BarrierVerdict& verdict);
  std::vector<InFlightRecords> copyInFlight(CheckpointId checkpoint);

  std::vector<Section> sections_;
  std::vector<Channel> channels_;             // By gate channel.
  std::vector<functions::SignalJoin> ports_;  // Of channels.
  std::size_t open_ports_ = 0;
  InputGate gate_;
  std::unique_ptr<BarrierHandler> barriers_;
  const Clock& clock_;
  std::vector<InFlightEdge> edges_;  // By section, where barriers may overtake; else empty.
  std::deque<Arrival> replay_;       // Still to be read, before the gate.
  bool replaying_ = false;           // `current_` comes from there.
  std::optional<Joined> more_;       // Of the last signal; comes next.
  std::optional<Arrival> current_;   // Being read.
  std::size_t offset_ = 0;           // Into its buffer.
  functions::EdgeReader* reading_ = nullptr;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace weir::worker
