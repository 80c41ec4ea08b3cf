#include "taskmanager/worker/network/link.h"

#include <cstring>
#include <utility>

#include <unistd.h>

#include "taskmanager/worker/network/byte_stream.h"
#include "taskmanager/worker/network/signal_frame.h"

namespace weir::worker {

namespace {
/// How long a refused connection is tried again.
constexpr std::chrono::seconds kDialBudget{10};
/// How long the producer's task manager may take to start its worker.
constexpr std::chrono::seconds kWelcomeBudget{30};

std::string_view textOf(const Buffer& buffer) {
  return {reinterpret_cast<const char*>(buffer.data()), buffer.size()};
}
}  // namespace

/// A channel to a consumer in another worker.
class Link::Output final : public OutputChannel {
 public:
  Output(Link& link, std::uint32_t channel)
      : link_(link), channel_(channel), in_flight_(link.outputs_[channel].in_flight) {}

  bool trySend(Buffer& buffer,
               std::uint32_t window,
               WakeSignal& sender,
               std::vector<Buffer>& /*recycled*/) override {
    return link_.trySend(channel_, buffer, window, sender);
  }
  bool hasRoom(std::uint32_t window, WakeSignal& sender) override {
    return link_.hasRoom(channel_, window, sender);
  }
  void sendSignal(const functions::Signal& signal) override {
    link_.send(encodeSignal(channel_, signal),
               std::holds_alternative<functions::EndOfInput>(signal));
  }
  std::uint32_t inFlight() const override { return in_flight_.load(std::memory_order_relaxed); }

 private:
  Link& link_;  // The worker's, which outlives its tasks.
  std::uint32_t channel_;
  const std::atomic<std::uint32_t>& in_flight_;
};

Link::Link(
    IoThread& io, BufferPool& pool, const config::Security& security, Side side, std::string peer)
    : io_(io), pool_(pool), security_(security), side_(side), peer_(std::move(peer)) {}

Link::~Link() = default;

void Link::addInput(InputGate& gate, std::uint32_t channel) {
  gate.setPeer(channel, *this, static_cast<std::uint32_t>(inputs_.size()));
  inputs_.push_back(Receiving{&gate, channel});
}

std::unique_ptr<OutputChannel> Link::addOutput() {
  outputs_.emplace_back();
  return std::make_unique<Output>(*this, static_cast<std::uint32_t>(outputs_.size() - 1));
}

bool Link::append(OutFrame frame) {
  if (dead_) {
    return false;
  }
  queue_.push_back(std::move(frame));
  return !std::exchange(writing_, true);
}

void Link::send(OutFrame frame, bool ends_channel) {
  bool tell = false;
  {
    std::lock_guard lock(mutex_);
    ended_ += ends_channel ? 1 : 0;
    tell = append(std::move(frame));
  }
  if (tell) {
    io_.post([this] { pump(); });
  }
}

bool Link::roomOrWait(Sending& state, std::uint32_t window, WakeSignal& sender) {
  if (!dead_ && state.in_flight.load(std::memory_order_relaxed) < window) {
    return true;
  }
  state.waiting = &sender;
  state.wake_at = window / 2;
  return false;
}

bool Link::hasRoom(std::uint32_t channel, std::uint32_t window, WakeSignal& sender) {
  Sending& state = outputs_[channel];
  if (state.in_flight.load(std::memory_order_relaxed) < window) {
    return true;
  }
  std::lock_guard lock(mutex_);
  return roomOrWait(state, window, sender);
}

bool Link::trySend(std::uint32_t channel,
                   Buffer& buffer,
                   std::uint32_t window,
                   WakeSignal& sender) {
  bool tell = false;
  {
    std::lock_guard lock(mutex_);
    Sending& state = outputs_[channel];
    if (!roomOrWait(state, window, sender)) {
      return false;
    }
    state.in_flight.fetch_add(1, std::memory_order_relaxed);
    tell = append(OutFrame::of(channel, std::exchange(buffer, Buffer())));
  }
  if (tell) {
    io_.post([this] { pump(); });
  }
  return true;
}

void Link::grant(std::uint32_t link_channel, std::uint32_t credits) {
  std::string payload(sizeof credits, '\0');
  std::memcpy(payload.data(), &credits, sizeof credits);
  send(OutFrame::of(FrameType::kCredit, link_channel, std::move(payload)), false);
}

void Link::dial(const std::string& host, std::uint16_t port, const DataHello& hello) {
  const auto bytes = hello.encode();
  preamble_.assign(bytes.data(), bytes.size());
  dialer_ = std::make_unique<Dialer>(io_, host, port);
  give_up_ = std::chrono::steady_clock::now() + kWelcomeBudget;
  io_.post([this] { dialAgain(kDialBudget); });
}

void Link::dialAgain(std::chrono::milliseconds budget) {
  dialer_->dial(budget, [this](int fd, const std::string& error) {
    if (fd < 0) {
      return lose(error);
    }
    connected(fd, preamble_);
  });
}

void Link::adopt(int fd) {
  io_.post([this, fd] {
    if (socket_ != nullptr || side_ != Side::kProducer) {
      ::close(fd);
      return;
    }
    {
      std::lock_guard lock(mutex_);
      queue_.insert(queue_.begin(), OutFrame::of(FrameType::kWelcome, 0, std::string()));
    }
    connected(fd, {});
  });
}

void Link::connected(int fd, std::string_view preamble) {
  former_ = std::move(socket_);
  socket_ = std::make_unique<FrameSocket>(openStream(io_, fd, security_), pool_, *this);
  socket_->startReading();
  if (preamble.empty()) {
    pump();
  } else {
    socket_->write(preamble, {});  // Then pump(), as after every write.
  }
}

void Link::pump() {
  std::vector<OutFrame> frames;
  {
    std::lock_guard lock(mutex_);
    frames.swap(queue_);
    if (frames.empty() || dead_) {
      writing_ = false;
      return;
    }
  }
  socket_->write({}, std::move(frames));
}

std::string Link::onFrame(FrameType type, std::uint32_t channel, Buffer payload) {
  const bool consumer = side_ == Side::kConsumer;
  if (type == FrameType::kWelcome && consumer) {
    welcomed_ = true;
    pool_.give(std::move(payload));
    return {};
  }
  if (channel >= (consumer ? inputs_.size() : outputs_.size())) {
    return "a frame names channel " + std::to_string(channel) + ", which does not exist";
  }
  if (type == FrameType::kData && consumer) {
    const Receiving& to = inputs_[channel];
    return to.gate->pushFromPeer(to.channel, std::move(payload))
               ? std::string()
               : "channel " + std::to_string(channel) + " was sent more than its credits";
  }
  std::string why;
  if (type == FrameType::kCredit && !consumer) {
    why = onCredit(channel, textOf(payload));
  } else if (isSignal(type) && consumer) {
    why = onSignal(type, channel, textOf(payload));
  } else {
    why = "a frame of type " + std::to_string(static_cast<int>(type)) + " is not expected here";
  }
  pool_.give(std::move(payload));
  return why;
}

std::string Link::onSignal(FrameType type, std::uint32_t channel, std::string_view payload) {
  const auto signal = decodeSignal(type, payload);
  if (!signal) {
    return signal.error().message();
  }
  if (type == FrameType::kEndOfInput) {
    std::lock_guard lock(mutex_);
    ++ended_;
  }
  inputs_[channel].gate->pushSignal(inputs_[channel].channel, *signal);
  return {};
}

std::string Link::onCredit(std::uint32_t channel, std::string_view payload) {
  std::uint32_t credits = 0;
  if (payload.size() != sizeof credits) {
    return "a grant of credits has " + std::to_string(payload.size()) + " bytes";
  }
  std::memcpy(&credits, payload.data(), sizeof credits);
  WakeSignal* sender = nullptr;
  {
    std::lock_guard lock(mutex_);
    Sending& state = outputs_[channel];
    if (credits > state.in_flight.load(std::memory_order_relaxed)) {
      return "more credits were returned than were used";
    }
    const std::uint32_t left = state.in_flight.fetch_sub(credits, std::memory_order_relaxed);
    if (state.waiting != nullptr && left - credits <= state.wake_at) {
      sender = std::exchange(state.waiting, nullptr);
    }
  }
  if (sender != nullptr) {
    sender->wake();
  }
  return {};
}

void Link::onClosed(const std::string& why) {
  const bool again =
      side_ == Side::kConsumer && !welcomed_ && std::chrono::steady_clock::now() < give_up_;
  if (!again) {
    return lose(why);
  }
  // The producer's task manager does not know its worker yet.
  dialer_->pause(std::chrono::milliseconds(50), [this] { dialAgain(kDialBudget); });
}

void Link::lose(const std::string& why) {
  std::vector<OutFrame> dropped;
  bool harmless = false;
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(dead_, true)) {
      return;
    }
    dropped.swap(queue_);
    harmless = ended_ == inputs_.size() + outputs_.size();
  }
  for (OutFrame& frame : dropped) {
    pool_.give(std::move(frame.data));
  }
  if (!harmless && lost_) {
    lost_(side_ == Side::kConsumer ? "the connection to the worker behind " + peer_ +
                                         ", which sends the input, was lost: " + why
                                   : "the connection from the worker on " + peer_ +
                                         ", which reads the output, was lost: " + why);
  }
}

}  // namespace weir::worker
