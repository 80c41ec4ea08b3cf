#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "taskmanager/worker/memory/buffer_pool.h"
#include "taskmanager/worker/network/edge_sender.h"

namespace weir::worker {

/// Everything that leaves one subtask over edges: a sender for each, and since when records may lie
/// in buffers that were started and not sent.
///
/// Lives as long as its task. Threads: add() before the task starts, then the task's.
class TaskOutputs final : private Overdraft {
 public:
  /// Says from when on a barrier waits for what the task is about; SteadyTime::max(): none does.
  using BarrierWaits = std::function<SteadyTime()>;

  /// References outlive it. `timeout` is how long a record may wait for its buffer to fill;
  /// negative: for ever.
  TaskOutputs(BufferPool& buffers,
              WakeSignal& signal,
              const std::atomic<bool>& stop,
              const Clock& clock,
              std::chrono::milliseconds timeout)
      : buffers_(buffers), signal_(signal), stop_(stop), clock_(clock), timeout_(timeout) {}

  /// The channels of an outgoing edge, in order.
  void add(std::uint32_t edge, std::vector<std::unique_ptr<OutputChannel>> channels);
  functions::EdgeOutput& edge(std::uint32_t edge) { return *senders_.at(edge); }

  /// Where barriers may overtake: records leave in spite of full channels once one `waits`.
  void overdrawFor(BarrierWaits waits) { waits_ = std::move(waits); }
  /// The same from `time` on, for the barrier that is being sent; until SteadyTime::max() is given.
  void overdrawFrom(SteadyTime time) { overdraws_from_ = time; }

  /// Whether every channel would take a buffer now; if not, the task is woken once all do.
  bool hasRoom();
  /// Time that the task has spent waiting for room.
  Duration waited() const;
  std::uint64_t bytesSent() const;

  /// Records may lie in started buffers as of `now`, if they did not before.
  void noteStarted(SteadyTime now);
  /// The same, and they are due at once.
  void noteDue(SteadyTime now);
  /// Every started buffer was sent, or may wait for as long as it likes.
  void noteFlushed() { started_ = false; }
  bool started() const { return started_; }
  bool hasTimeout() const { return timeout_.count() >= 0; }
  bool due(SteadyTime now) const { return started_ && hasTimeout() && now >= due_; }

 private:
  SteadyTime from() override {
    return waits_ ? std::min(overdraws_from_, waits_()) : SteadyTime::max();
  }

  BufferPool& buffers_;            // The worker's.
  WakeSignal& signal_;             // The task's, like the next.
  const std::atomic<bool>& stop_;  // Ends waiting for room.
  const Clock& clock_;
  const std::chrono::milliseconds timeout_;
  std::map<std::uint32_t, std::unique_ptr<EdgeSender>> senders_;  // By edge.
  BarrierWaits waits_;
  SteadyTime overdraws_from_ = SteadyTime::max();
  bool started_ = false;
  SteadyTime due_{};
};

}  // namespace weir::worker
