#include "taskmanager/worker/network/input_gate.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir::worker {

InputGate::InputGate(std::uint32_t channels, BufferPool& pool, WakeSignal& consumer)
    : pool_(pool), consumer_(consumer), channels_(channels) {}

void InputGate::setPeer(std::uint32_t channel, CreditSink& sink, std::uint32_t link_channel) {
  channels_[channel].peer = &sink;
  channels_[channel].link_channel = link_channel;
}

void InputGate::append(std::uint32_t index, functions::Element element) {
  Channel& channel = channels_[index];
  channel.queue.push_back(std::move(element));
  if (!channel.ready && !channel.blocked) {
    channel.ready = true;
    ready_.push_back(index);
  }
}

bool InputGate::roomOrWait(Channel& channel, std::uint32_t window, WakeSignal& sender) {
  if (channel.in_flight.load(std::memory_order_relaxed) < window) {
    return true;
  }
  channel.waiting = &sender;
  channel.wake_at = window / 2;
  return false;
}

bool InputGate::tryPush(std::uint32_t index,
                        Buffer& buffer,
                        std::uint32_t window,
                        WakeSignal& sender,
                        std::vector<Buffer>& recycled) {
  {
    std::lock_guard lock(mutex_);
    Channel& channel = channels_[index];
    if (!roomOrWait(channel, window, sender)) {
      return false;
    }
    channel.in_flight.fetch_add(1, std::memory_order_relaxed);
    append(index, std::exchange(buffer, Buffer()));
    while (!channel.returned.empty()) {
      recycled.push_back(std::move(channel.returned.back()));
      channel.returned.pop_back();
    }
  }
  consumer_.wake();
  return true;
}

bool InputGate::hasRoom(std::uint32_t index, std::uint32_t window, WakeSignal& sender) {
  Channel& channel = channels_[index];
  if (channel.in_flight.load(std::memory_order_relaxed) < window) {
    return true;
  }
  std::lock_guard lock(mutex_);
  return roomOrWait(channel, window, sender);
}

void InputGate::pushSignal(std::uint32_t index, const functions::Signal& signal) {
  {
    std::lock_guard lock(mutex_);
    append(index, signal);
    if (const auto* barrier = std::get_if<functions::Barrier>(&signal); barrier && announces_) {
      announced_.push_back(Announcement{index, *barrier});
      announced_any_.store(true, std::memory_order_release);
    }
  }
  consumer_.wake();
}

bool InputGate::pushFromPeer(std::uint32_t index, Buffer buffer) {
  {
    std::lock_guard lock(mutex_);
    Channel& channel = channels_[index];
    if (channel.in_flight.load(std::memory_order_relaxed) >=
        kCredits + (announces_ ? kOverdraft : 0)) {
      return false;
    }
    channel.in_flight.fetch_add(1, std::memory_order_relaxed);
    append(index, std::move(buffer));
  }
  consumer_.wake();
  return true;
}

WakeSignal* InputGate::senderToWake(Channel& channel) {
  if (channel.waiting == nullptr ||
      channel.in_flight.load(std::memory_order_relaxed) > channel.wake_at) {
    return nullptr;
  }
  return std::exchange(channel.waiting, nullptr);
}

std::optional<Arrival> InputGate::next() {
  WakeSignal* sender = nullptr;
  std::optional<Arrival> arrival;
  {
    std::lock_guard lock(mutex_);
    while (!ready_.empty() && !arrival) {
      const std::uint32_t index = ready_.front();
      ready_.pop_front();
      Channel& channel = channels_[index];
      channel.ready = false;
      if (channel.blocked || channel.queue.empty()) {
        continue;
      }
      arrival = Arrival{index, std::move(channel.queue.front())};
      channel.queue.pop_front();
      if (!channel.queue.empty()) {
        channel.ready = true;
        ready_.push_back(index);
      }
      if (std::holds_alternative<Buffer>(arrival->element)) {
        channel.in_flight.fetch_sub(1, std::memory_order_relaxed);
        sender = senderToWake(channel);
      }
    }
  }
  if (sender != nullptr) {
    sender->wake();
  }
  return arrival;
}

void InputGate::recycle(std::uint32_t index, Buffer buffer) {
  Channel& channel = channels_[index];
  if (channel.peer == nullptr) {
    std::unique_lock lock(mutex_);
    if (channel.returned.size() < kReturned && !pool_.exhausted() &&
        buffer.capacity() == pool_.segmentBytes()) {
      channel.returned.push_back(std::move(buffer));
      return;
    }
    lock.unlock();
    pool_.give(std::move(buffer));
    return;
  }
  pool_.give(std::move(buffer));
  ++channel.owed;
  if (!channel.owing) {
    channel.owing = true;
    owing_.push_back(index);
  }
  if (const std::uint32_t credits = takeCredits(channel, false); credits != 0) {
    channel.peer->grant(channel.link_channel, credits);
  }
}

std::uint32_t InputGate::takeCredits(Channel& channel, bool all) {
  if (pool_.exhausted()) {
    // One buffer under way, no more: grant one when the peer has none left and nothing waits.
    const std::uint32_t granted = channel.owed - std::min(channel.owed, kCredits - 1);
    channel.owed -= granted;
    return granted;
  }
  if (!all && channel.owed < kCredits / 2) {
    return 0;
  }
  return std::exchange(channel.owed, 0);
}

void InputGate::returnCredits() {
  std::vector<std::uint32_t> still;
  for (const std::uint32_t index : owing_) {
    Channel& channel = channels_[index];
    if (const std::uint32_t credits = takeCredits(channel, true); credits != 0) {
      channel.peer->grant(channel.link_channel, credits);
    }
    channel.owing = channel.owed != 0;
    if (channel.owing) {
      still.push_back(index);
    }
  }
  owing_.swap(still);
}

std::vector<Announcement> InputGate::takeAnnounced() {
  std::lock_guard lock(mutex_);
  announced_any_.store(false, std::memory_order_relaxed);
  return std::exchange(announced_, {});
}

std::vector<Arrival> InputGate::copyAhead(CheckpointId checkpoint) {
  const auto is_barrier = [checkpoint](const functions::Element& element) {
    const auto* signal = std::get_if<functions::Signal>(&element);
    const auto* barrier = signal == nullptr ? nullptr : std::get_if<functions::Barrier>(signal);
    return barrier != nullptr && barrier->checkpoint == checkpoint;
  };
  std::vector<Arrival> ahead;
  std::lock_guard lock(mutex_);
  for (std::uint32_t index = 0; index < channels_.size(); ++index) {
    const auto& queue = channels_[index].queue;
    const auto end = std::ranges::find_if(queue, is_barrier);
    for (auto one = queue.begin(); end != queue.end() && one != end; ++one) {
      if (const auto* buffer = std::get_if<Buffer>(&*one)) {
        ahead.push_back(Arrival{index, functions::copyOf(buffer->view())});
      } else if (const auto& signal = std::get<functions::Signal>(*one);
                 std::holds_alternative<functions::Watermark>(signal)) {
        ahead.push_back(Arrival{index, signal});
      }
    }
  }
  return ahead;
}

void InputGate::block(std::uint32_t index) {
  std::lock_guard lock(mutex_);
  channels_[index].blocked = true;
}

void InputGate::unblockAll() {
  std::lock_guard lock(mutex_);
  for (std::uint32_t index = 0; index < channels_.size(); ++index) {
    Channel& channel = channels_[index];
    if (!channel.blocked) {
      continue;
    }
    channel.blocked = false;
    if (!channel.ready && !channel.queue.empty()) {
      channel.ready = true;
      ready_.push_back(index);
    }
  }
}

}  // namespace weir::worker
