#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/runtime/messages.h"

namespace weir::worker {

/// The worker's end of the socket pair that its task manager gave it.
///
/// Frames are a little-endian u32 length and a message of worker.proto. The descriptor of a
/// PeerConnection travels beside its frame (SCM_RIGHTS). Owns the descriptor.
///
/// Threads: send() from any; receive() from one. Errors: kIo when the socket breaks,
/// kInvalidArgument for a frame that is none.
class ControlSocket {
 public:
  struct Received {
    runtime::WorkerOrder order;
    int descriptor = -1;  ///< Of a PeerConnection; the receiver owns it.
  };

  explicit ControlSocket(int fd) : fd_(fd) {}
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  Status send(const runtime::WorkerReport& report);
  /// Sends what is encoded already.
  Status sendFrame(std::string_view body);
  /// Sends a short report unless that would have to wait: then others are about to be read.
  void trySend(const runtime::WorkerReport& report);
  /// Waits for the next order; nullopt once the task manager has closed its end.
  Result<std::optional<Received>> receive();
  /// The same, not decoded: for who does not know yet what kind of order it will be.
  Result<std::optional<std::string>> receiveFrame();
  /// Something that receive() could look at has arrived.
  int descriptor() const { return fd_; }
  /// Whether a whole frame has been read already, so that receive() does not wait.
  bool buffered() const;

 private:
  Status write(std::string_view frame);  // With the mutex held.
  Result<bool> readMore();               // False at the end of the stream.

  const int fd_;
  std::mutex send_mutex_;
  std::string input_;
  std::deque<int> descriptors_;  // Received and not yet handed out.
};

}  // namespace weir::worker
