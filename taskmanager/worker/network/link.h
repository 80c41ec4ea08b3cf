#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/config/security.h"
#include "taskmanager/worker/network/dialer.h"
#include "taskmanager/worker/network/frame_socket.h"
#include "taskmanager/worker/network/hello.h"
#include "taskmanager/worker/network/input_gate.h"

namespace weir::worker {

/// One direction of records between two workers: all channels from the producer's tasks to the
/// consumer's, over one TCP connection that the consumer opens.
///
/// A link exists from the start of the attempt, before its connection: what producers send waits
/// in it, bounded by their credits. Channels are numbered alike on both sides. Once every channel
/// has ended, the other side may go away; before that a lost connection is reported once, to the
/// function of onLost(). Lives as long as its worker.
///
/// Threads: sends and grant() from any; frames, dialling and onLost() on the IO thread; the rest
/// before start.
class Link final : public FrameHandler, public CreditSink {
 public:
  enum class Side : std::uint8_t { kConsumer, kProducer };
  using Lost = std::function<void(const std::string& cause)>;

  /// `peer` is what sentences call the other side: "host:port".
  Link(IoThread& io,
       BufferPool& pool,
       const config::Security& security,
       Side side,
       std::string peer);
  ~Link() override;

  /// Consumer: the next channel leads to `channel` of `gate`.
  void addInput(InputGate& gate, std::uint32_t channel);
  /// Producer: the next channel, as its task uses it. Must not outlive the link.
  std::unique_ptr<OutputChannel> addOutput();
  void onLost(Lost lost) { lost_ = std::move(lost); }

  /// Consumer: connects to the producer's task manager, for as long as kDialBudget.
  void dial(const std::string& host, std::uint16_t port, const DataHello& hello);
  /// Producer: takes the connection over that the consumer opened; a second one is closed.
  void adopt(int fd);

  void grant(std::uint32_t link_channel, std::uint32_t credits) override;

 private:
  class Output;
  struct Sending {  // Producer's state of a channel; under mutex_ but for the counter.
    std::atomic<std::uint32_t> in_flight{0};
    WakeSignal* waiting = nullptr;
    std::uint32_t wake_at = 0;
  };
  struct Receiving {
    InputGate* gate = nullptr;
    std::uint32_t channel = 0;
  };

  bool trySend(std::uint32_t channel, Buffer& buffer, std::uint32_t window, WakeSignal& sender);
  bool hasRoom(std::uint32_t channel, std::uint32_t window, WakeSignal& sender);
  bool roomOrWait(Sending& state, std::uint32_t window, WakeSignal& sender);
  void send(OutFrame frame, bool ends_channel);
  bool append(OutFrame frame);  // With mutex_ held; true when the IO thread must be told.
  void pump();
  void dialAgain(std::chrono::milliseconds budget);
  void connected(int fd, std::string_view preamble);
  std::string onSignal(FrameType type, std::uint32_t channel, std::string_view payload);
  std::string onCredit(std::uint32_t channel, std::string_view payload);

  std::string onFrame(FrameType type, std::uint32_t channel, Buffer payload) override;
  void onWritten() override { pump(); }
  void onClosed(const std::string& why) override;
  void lose(const std::string& why);

  IoThread& io_;                      // The data plane's; stopped before we end.
  BufferPool& pool_;                  // The worker's.
  const config::Security& security_;  // Of the process, like the pool.
  const Side side_;
  const std::string peer_;
  Lost lost_;
  std::vector<Receiving> inputs_;
  std::deque<Sending> outputs_;  // Addresses stay.

  std::mutex mutex_;
  std::vector<OutFrame> queue_;  // Waits to be written.
  bool writing_ = true;          // The IO thread will look into queue_; true until connected.
  bool dead_ = false;
  std::uint32_t ended_ = 0;  // Channels whose end of input has passed.

  // IO thread only.
  std::string preamble_;
  bool welcomed_ = false;
  std::chrono::steady_clock::time_point give_up_;
  std::unique_ptr<Dialer> dialer_;
  std::unique_ptr<FrameSocket> socket_;
  std::unique_ptr<FrameSocket> former_;  // Closed; ends later than its callback.
};

}  // namespace weir::worker
