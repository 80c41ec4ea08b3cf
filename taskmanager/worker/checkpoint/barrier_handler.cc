#include "taskmanager/worker/checkpoint/barrier_handler.h"

#include <algorithm>

namespace weir::worker {

std::unique_ptr<BarrierHandler> BarrierHandler::make(graph::CheckpointingMode mode,
                                                     std::uint32_t channels) {
  if (mode == graph::CheckpointingMode::kAtLeastOnce) {
    return std::make_unique<BarrierTracker>(channels);
  }
  return std::make_unique<BarrierAligner>(channels);
}

void BarrierAligner::reset() {
  std::fill(arrived_.begin(), arrived_.end(), false);
  count_ = 0;
}

BarrierVerdict BarrierAligner::onBarrier(std::uint32_t channel,
                                         const functions::Barrier& barrier,
                                         SteadyTime now) {
  BarrierVerdict verdict;
  if (barrier.checkpoint <= done_ || aborted_.contains(barrier.checkpoint) ||
      (aligning() && barrier.checkpoint < current_.checkpoint)) {
    return verdict;
  }
  if (aligning() && barrier.checkpoint > current_.checkpoint) {
    verdict.release = true;
    reset();
  }
  if (!aligning()) {
    current_ = barrier;
    started_ = now;
  }
  if (arrived_[channel]) {
    return verdict;
  }
  arrived_[channel] = true;
  if (++count_ < arrived_.size()) {
    verdict.block = true;
    return verdict;
  }
  verdict.release = true;
  verdict.passed = current_;
  verdict.alignment = now - started_;
  done_ = current_.checkpoint;
  aborted_.erase(aborted_.begin(), aborted_.upper_bound(done_));
  reset();
  return verdict;
}

BarrierVerdict BarrierAligner::onAborted(CheckpointId checkpoint) {
  BarrierVerdict verdict;
  if (aligning() && current_.checkpoint == checkpoint) {
    verdict.release = true;
    reset();
  }
  if (checkpoint > done_) {
    aborted_.insert(checkpoint);
  }
  if (aborted_.size() > kMostAborted) {
    aborted_.erase(aborted_.begin());
  }
  return verdict;
}

void BarrierTracker::bound() {
  while (pending_.size() > kMostPending) {
    done_ = std::max(done_, pending_.begin()->first);
    pending_.erase(pending_.begin());
  }
}

BarrierVerdict BarrierTracker::onBarrier(std::uint32_t channel,
                                         const functions::Barrier& barrier,
                                         SteadyTime now) {
  BarrierVerdict verdict;
  if (barrier.checkpoint <= done_) {
    return verdict;
  }
  Pending& pending = pending_[barrier.checkpoint];
  if (pending.count == 0) {
    pending.started = now;
    pending.arrived.resize(channels_);
  }
  if (!pending.arrived[channel]) {
    pending.arrived[channel] = true;
    ++pending.count;
  }
  if (pending.count < channels_ || pending.aborted) {
    bound();
    return verdict;
  }
  verdict.passed = barrier;
  verdict.alignment = now - pending.started;
  done_ = barrier.checkpoint;
  pending_.erase(pending_.begin(), pending_.upper_bound(barrier.checkpoint));
  return verdict;
}

BarrierVerdict BarrierTracker::onAborted(CheckpointId checkpoint) {
  if (checkpoint > done_) {
    Pending& pending = pending_[checkpoint];
    pending.aborted = true;
    pending.arrived.resize(channels_);
    bound();
  }
  return {};
}

}  // namespace weir::worker
