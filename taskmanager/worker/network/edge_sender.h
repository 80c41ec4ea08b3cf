#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/base/clock.h"
#include "common/functions/edge.h"
#include "taskmanager/worker/memory/buffer_pool.h"
#include "taskmanager/worker/network/flow_window.h"
#include "taskmanager/worker/network/output_channel.h"

namespace weir::worker {

/// Says when the records of a task may leave in spite of full channels, so that it gets to a
/// barrier that waits for it. Task's thread.
class Overdraft {
 public:
  virtual ~Overdraft() = default;
  /// From when on; SteadyTime::max() when nothing waits.
  virtual SteadyTime from() = 0;
};

/// The channels of one outgoing edge of one subtask: what an EdgeWriter fills and emits to.
///
/// emit() holds its caller back while a channel is full; how much a channel takes follows its
/// receiver's pace (FlowWindow). Where a barrier must not wait, InputGate::kOverdraft buffers more
/// find room. Lives as long as its task; task's thread only. Waiting ends with
/// CancelledException once `stop` is set and the signal woken.
class EdgeSender final : public functions::EdgeOutput {
 public:
  EdgeSender(std::vector<std::unique_ptr<OutputChannel>> channels,
             BufferPool& pool,
             WakeSignal& signal,
             const std::atomic<bool>& stop,
             const Clock& clock,
             Overdraft* overdraft = nullptr);
  ~EdgeSender() override;

  std::uint32_t channels() const override { return static_cast<std::uint32_t>(channels_.size()); }
  functions::Buffer take(std::size_t capacity) override;
  void emit(std::uint32_t channel, functions::Buffer buffer) override;
  void broadcast(const functions::Signal& signal) override;
  std::size_t targetBytes(std::uint32_t channel) const override {
    return flows_[channel].targetBytes();
  }

  /// Whether every channel would take a buffer now; if not, the signal is woken once it does.
  bool hasRoom();

  std::uint64_t bytesSent() const { return bytes_sent_; }
  /// Time spent in emit() waiting for room.
  Duration waited() const { return waited_; }

 private:
  std::uint32_t windowOf(std::uint32_t channel) const {
    return pool_.exhausted() ? 1 : flows_[channel].window();
  }
  /// Sends, perhaps beyond the window; else how long to wait at most for that to be allowed.
  bool sendOverdrawn(std::uint32_t channel, functions::Buffer& buffer, SteadyTime& until);
  void waitAndSend(std::uint32_t channel, functions::Buffer& buffer);

  std::vector<std::unique_ptr<OutputChannel>> channels_;
  std::vector<FlowWindow> flows_;            // By channel.
  std::vector<functions::Buffer> recycled_;  // Back from receivers of this process; warm.
  BufferPool& pool_;                         // The worker's.
  WakeSignal& signal_;                       // The task's.
  const std::atomic<bool>& stop_;            // The task's.
  const Clock& clock_;
  Overdraft* overdraft_;  // The task's; may be null.
  std::uint64_t bytes_sent_ = 0;
  Duration waited_{};
};

}  // namespace weir::worker
