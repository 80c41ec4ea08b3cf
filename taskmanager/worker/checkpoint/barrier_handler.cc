#include "taskmanager/worker/checkpoint/barrier_handler.h"

#include <algorithm>

namespace weir::worker {

std::unique_ptr<BarrierHandler> BarrierHandler::make(graph::CheckpointingMode mode,
                                                     std::uint32_t channels,
                                                     std::optional<Overtaking> overtaking) {
  if (mode == graph::CheckpointingMode::kAtLeastOnce) {
    return std::make_unique<BarrierTracker>(channels);
  }
  if (overtaking) {
    return std::make_unique<BarrierOvertaker>(*std::move(overtaking));
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
  finish(current_.checkpoint);
  return verdict;
}

void BarrierAligner::finish(CheckpointId checkpoint) {
  done_ = checkpoint;
  aborted_.erase(aborted_.begin(), aborted_.upper_bound(done_));
  reset();
}

void BarrierAligner::pass(CheckpointId checkpoint) { finish(checkpoint); }

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

BarrierOvertaker::Pending& BarrierOvertaker::noted(const functions::Barrier& barrier,
                                                   SteadyTime now) {
  const auto [found, fresh] = pending_.try_emplace(barrier.checkpoint);
  Pending& pending = found->second;
  if (fresh) {
    pending.barrier = barrier;
    pending.ready.resize(overtaking_.channels.size());
    pending.since = now;
    pending.patient = now + overtaking_.patience;
  }
  if (barrier.unaligned) {
    pending.barrier.unaligned = true;
    pending.patient = std::min(pending.patient, now);
  }
  return pending;
}

void BarrierOvertaker::setReady(Pending& pending, std::uint32_t channel) {
  pending.count += pending.ready[channel] ? 0 : 1;
  pending.ready[channel] = true;
}

void BarrierOvertaker::onAnnounced(std::uint32_t channel,
                                   const functions::Barrier& barrier,
                                   SteadyTime now) {
  if (!aligner_.wants(barrier.checkpoint)) {
    return;
  }
  Pending& pending = noted(barrier, now);
  if (overtaking_.channels[channel]) {
    setReady(pending, channel);
  }
  if (pending_.size() > kMostPending) {
    pending_.erase(pending_.begin());
  }
}

BarrierVerdict BarrierOvertaker::onBarrier(std::uint32_t channel,
                                           const functions::Barrier& barrier,
                                           SteadyTime now) {
  if (aligner_.wants(barrier.checkpoint)) {
    setReady(noted(barrier, now), channel);
  }
  BarrierVerdict verdict = aligner_.onBarrier(channel, barrier, now);
  if (verdict.passed) {
    const auto found = pending_.find(verdict.passed->checkpoint);
    verdict.passed->unaligned = found != pending_.end() && found->second.barrier.unaligned;
    pending_.erase(pending_.begin(), pending_.upper_bound(verdict.passed->checkpoint));
  }
  return verdict;
}

BarrierVerdict BarrierOvertaker::onAborted(CheckpointId checkpoint) {
  pending_.erase(checkpoint);
  return aligner_.onAborted(checkpoint);
}

SteadyTime BarrierOvertaker::overtakesAt() const {
  if (pending_.empty()) {
    return SteadyTime::max();
  }
  const Pending& oldest = pending_.begin()->second;
  const bool may = !oldest.barrier.savepoint && !oldest.barrier.stops &&
                   oldest.count == overtaking_.channels.size();
  return may ? oldest.patient : SteadyTime::max();
}

BarrierVerdict BarrierOvertaker::overtake(SteadyTime now) {
  BarrierVerdict verdict;
  if (overtakesAt() > now) {
    return verdict;
  }
  const Pending& oldest = pending_.begin()->second;
  verdict.release = true;
  verdict.passed = oldest.barrier;
  verdict.passed->unaligned = true;
  verdict.alignment = now - oldest.since;
  verdict.overtaken = true;
  aligner_.pass(oldest.barrier.checkpoint);
  pending_.erase(pending_.begin());
  return verdict;
}

}  // namespace weir::worker
