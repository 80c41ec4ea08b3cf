#include "taskmanager/worker/network/edge_sender.h"

#include <utility>

#include "taskmanager/worker/network/input_gate.h"

namespace weir::worker {

// A buffer is sent once its target is passed, so the last record needs room beyond it in the
// segment.
EdgeSender::EdgeSender(std::vector<std::unique_ptr<OutputChannel>> channels,
                       BufferPool& pool,
                       WakeSignal& signal,
                       const std::atomic<bool>& stop,
                       const Clock& clock,
                       Overdraft* overdraft)
    : channels_(std::move(channels)),
      flows_(channels_.size(), FlowWindow(pool.segmentBytes() / 8 * 7, InputGate::kCredits)),
      pool_(pool),
      signal_(signal),
      stop_(stop),
      clock_(clock),
      overdraft_(overdraft) {}

EdgeSender::~EdgeSender() { pool_.giveAll(recycled_); }

Buffer EdgeSender::take(std::size_t capacity) {
  if (stop_.load(std::memory_order_relaxed)) {
    throw functions::CancelledException();
  }
  if (capacity <= pool_.segmentBytes() && !recycled_.empty()) {
    Buffer buffer = std::move(recycled_.back());
    recycled_.pop_back();
    buffer.resize(0);
    return buffer;
  }
  return pool_.take(capacity);
}

void EdgeSender::emit(std::uint32_t channel, Buffer buffer) {
  const std::size_t bytes = buffer.size();
  FlowWindow& flow = flows_[channel];
  const std::uint32_t in_flight = channels_[channel]->inFlight();
  if (channels_[channel]->trySend(buffer, windowOf(channel), signal_, recycled_)) {
    if (flow.isBlocked()) {
      flow.sentAfterWait(clock_.now());
    } else {
      flow.sentAtOnce(bytes, in_flight);
    }
  } else {
    waitAndSend(channel, buffer);
  }
  bytes_sent_ += bytes;
  while (recycled_.size() > 2 * InputGate::kCredits) {
    pool_.give(std::move(recycled_.back()));
    recycled_.pop_back();
  }
}

void EdgeSender::waitAndSend(std::uint32_t channel, Buffer& buffer) {
  FlowWindow& flow = flows_[channel];
  const SteadyTime start = clock_.now();
  flow.blocked(start);
  while (true) {
    signal_.prepare();
    if (stop_.load(std::memory_order_acquire)) {
      pool_.give(std::move(buffer));
      throw functions::CancelledException();
    }
    if (channels_[channel]->trySend(buffer, windowOf(channel), signal_, recycled_)) {
      const SteadyTime end = clock_.now();
      flow.sentAfterWait(end);
      waited_ += end - start;
      return;
    }
    SteadyTime until = SteadyTime::max();
    if (sendOverdrawn(channel, buffer, until)) {
      waited_ += clock_.now() - start;
      return;
    }
    signal_.wait(until);
  }
}

bool EdgeSender::sendOverdrawn(std::uint32_t channel, Buffer& buffer, SteadyTime& until) {
  const SteadyTime from = overdraft_ == nullptr ? SteadyTime::max() : overdraft_->from();
  if (from > clock_.now()) {
    until = from;
    return false;
  }
  return channels_[channel]->trySend(
      buffer, windowOf(channel) + InputGate::kOverdraft, signal_, recycled_);
}

bool EdgeSender::hasRoom() {
  bool all = true;
  for (std::uint32_t channel = 0; channel < channels_.size(); ++channel) {
    if (!channels_[channel]->hasRoom(windowOf(channel), signal_)) {
      if (!flows_[channel].isBlocked()) {
        flows_[channel].blocked(clock_.now());
      }
      all = false;
    }
  }
  return all;
}

void EdgeSender::broadcast(const functions::Signal& signal) {
  for (const auto& channel : channels_) {
    channel->sendSignal(signal);
  }
}

}  // namespace weir::worker
