#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "taskmanager/worker/memory/buffer_pool.h"
#include "taskmanager/worker/network/output_channel.h"
#include "taskmanager/worker/network/wake_signal.h"

namespace weir::worker {

/// Where a gate returns the credits of a channel whose producer is another process. Any thread.
class CreditSink {
 public:
  virtual ~CreditSink() = default;
  virtual void grant(std::uint32_t link_channel, std::uint32_t credits) = 0;
};

/// What next() found.
struct Arrival {
  std::uint32_t channel = 0;
  functions::Element element;
};

/// A barrier that has come to a gate, behind whatever its channel holds.
struct Announcement {
  std::uint32_t channel = 0;
  functions::Barrier barrier;
};

/// All input channels of one subtask: what producers have sent and it has not read yet, in the
/// order of each channel.
///
/// Each channel holds at most `credits` data buffers; a blocked one (it has delivered its barrier)
/// is not read, so that its sender runs out of room. A sender that a barrier waits for may send
/// kOverdraft more. Producers and the consumer share one lock, taken once a buffer. Lives as long
/// as its worker. Threads: push*() and inFlight() from any, the others from the consumer's.
class InputGate {
 public:
  /// Of one channel, on both sides.
  static constexpr std::uint32_t kCredits = 8;
  /// Buffers beyond these that one channel takes when a barrier must not wait for room.
  static constexpr std::uint32_t kOverdraft = 32;
  /// Read buffers that wait on a local channel for its sender to use again.
  static constexpr std::size_t kReturned = 4;

  InputGate(std::uint32_t channels, BufferPool& pool, WakeSignal& consumer);

  /// The channel's producer is another process: credits go to `sink`. Before the first push.
  void setPeer(std::uint32_t channel, CreditSink& sink, std::uint32_t link_channel);

  /// Barriers are announced from now on, and senders that they wait for may overdraw. Before the
  /// first push.
  void announceBarriers() { announces_ = true; }

  std::uint32_t channels() const { return static_cast<std::uint32_t>(channels_.size()); }

  /// For a producer of this process; as OutputChannel::trySend().
  bool tryPush(std::uint32_t channel,
               functions::Buffer& buffer,
               std::uint32_t window,
               WakeSignal& sender,
               std::vector<functions::Buffer>& recycled);
  bool hasRoom(std::uint32_t channel, std::uint32_t window, WakeSignal& sender);
  std::uint32_t inFlight(std::uint32_t channel) const {
    return channels_[channel].in_flight.load(std::memory_order_relaxed);
  }
  void pushSignal(std::uint32_t channel, const functions::Signal& signal);
  /// For a peer, which has used a credit; false when it had none.
  bool pushFromPeer(std::uint32_t channel, functions::Buffer buffer);

  /// The next arrival of a channel that is not blocked, channels taking turns.
  std::optional<Arrival> next();
  /// Gives a buffer back that next() returned and that is read.
  void recycle(std::uint32_t channel, functions::Buffer buffer);
  /// Leaves the channel unread until unblockAll().
  void block(std::uint32_t channel);
  void unblockAll();
  /// Whether barriers have come since takeAnnounced().
  bool announced() const { return announced_any_.load(std::memory_order_acquire); }
  std::vector<Announcement> takeAnnounced();
  /// Copies of what every channel holds in front of the barrier of `checkpoint`, in the order of
  /// each channel; nothing of one that has delivered it. Ends and other barriers are left out.
  std::vector<Arrival> copyAhead(CheckpointId checkpoint);
  /// Returns the credits that were held back to travel together; before the consumer sleeps.
  void returnCredits();

 private:
  struct Channel {
    std::deque<functions::Element> queue;
    std::atomic<std::uint32_t> in_flight{0};  // Data buffers in `queue`; written under the lock.
    bool blocked = false;
    bool ready = false;             // Stands in `ready_`.
    bool owing = false;             // Stands in `owing_`.
    WakeSignal* waiting = nullptr;  // The sender, when it found no room; owned by its task.
    std::uint32_t wake_at = 0;
    std::vector<functions::Buffer> returned;  // For a sender of this process.
    CreditSink* peer = nullptr;
    std::uint32_t link_channel = 0;
    std::uint32_t owed = 0;  // Credits of consumed buffers, not yet returned.
  };

  void append(std::uint32_t index, functions::Element element);  // With mutex_ held.
  bool roomOrWait(Channel& channel, std::uint32_t window, WakeSignal& sender);
  WakeSignal* senderToWake(Channel& channel);
  std::uint32_t takeCredits(Channel& channel, bool all);

  BufferPool& pool_;      // The worker's, which outlives us.
  WakeSignal& consumer_;  // The task's, which outlives us.
  std::mutex mutex_;
  std::vector<Channel> channels_;
  bool announces_ = false;
  std::vector<Announcement> announced_;  // Under the lock, like the next when it is written.
  std::atomic<bool> announced_any_{false};
  std::deque<std::uint32_t> ready_;   // Not blocked and not empty, in turn.
  std::vector<std::uint32_t> owing_;  // Channels with owed credits; consumer's thread only.
};

/// A channel to a consumer in this process: hands the buffer over.
class LocalChannel final : public OutputChannel {
 public:
  LocalChannel(InputGate& gate, std::uint32_t channel) : gate_(gate), channel_(channel) {}
  bool trySend(functions::Buffer& buffer,
               std::uint32_t window,
               WakeSignal& sender,
               std::vector<functions::Buffer>& recycled) override {
    return gate_.tryPush(channel_, buffer, window, sender, recycled);
  }
  bool hasRoom(std::uint32_t window, WakeSignal& sender) override {
    return gate_.hasRoom(channel_, window, sender);
  }
  void sendSignal(const functions::Signal& signal) override { gate_.pushSignal(channel_, signal); }
  std::uint32_t inFlight() const override { return gate_.inFlight(channel_); }

 private:
  InputGate& gate_;  // Of the consumer; the worker keeps it.
  std::uint32_t channel_;
};

}  // namespace weir::worker
