#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "taskmanager/worker/memory/buffer_pool.h"
#include "taskmanager/worker/network/channel_plan.h"
#include "taskmanager/worker/network/input_gate.h"
#include "taskmanager/worker/operators/operator_chain.h"

namespace weir::worker {

/// Everything that enters one subtask from other vertices: its gate, the readers of its edges, the
/// buffer at hand, and which edges have ended.
///
/// Lives as long as its task. Threads: the task's; the gate as it says.
class TaskInput {
 public:
  /// References outlive it.
  TaskInput(std::vector<GateSection> sections, BufferPool& buffers, WakeSignal& signal);

  /// A source has no edges.
  bool empty() const { return ports_.empty(); }
  InputGate& gate() { return gate_; }
  /// Records go to the readers of `chain`, which outlives what is read.
  void connect(OperatorChain& chain);

  enum class Next : std::uint8_t { kNothing, kRecords, kEvent };
  /// Looks what is at hand: the rest of a buffer, else what the gate has.
  Next next();
  /// After kRecords: reads about `limit` of them; false when the buffer is used up.
  bool read(std::size_t limit);
  /// After kEvent.
  struct ChannelEvent {
    std::uint32_t channel = 0;
    Event event;
  };
  ChannelEvent takeEvent();

  /// No records follow on `channel`. Answers the edge that has ended with it, if it was the last.
  std::optional<std::uint32_t> endChannel(std::uint32_t channel);
  /// Whether all edges have ended.
  bool ended() const { return open_ports_ == 0; }
  std::uint64_t bytesRead() const { return bytes_read_; }

 private:
  struct Port {  // One incoming edge.
    std::uint32_t edge = 0;
    std::uint32_t open = 0;  // Channels that have not ended.
    functions::EdgeReader* reader = nullptr;
  };

  std::vector<Port> ports_;
  std::vector<std::uint32_t> port_of_;  // By gate channel.
  std::size_t open_ports_ = 0;
  InputGate gate_;
  std::optional<Arrival> current_;  // Being read.
  std::size_t offset_ = 0;          // Into its buffer.
  Port* reading_ = nullptr;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace weir::worker
