#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "common/base/unique_fd.h"
#include "taskmanager/daemon/supervision/io_loop.h"

namespace weir::taskmanager {

/// No frame in either direction is longer.
inline constexpr std::uint64_t kMaxFrameBytes = std::uint64_t{256} << 20;

/// Our end of a worker's socket pair: frames of a length (u32, little-endian) and as many bytes.
///
/// Never blocks: what cannot be sent now is queued. A descriptor travels with the first byte of its
/// frame (SCM_RIGHTS). Callbacks run on the loop; they may destroy neither the socket nor pause it
/// for good. Threads: the loop's.
class WorkerSocket {
 public:
  /// A frame arrived.
  using OnFrame = std::function<void(std::string)>;
  /// No frame will arrive any more: empty for an orderly end, else why.
  using OnEnd = std::function<void(std::string)>;

  WorkerSocket(IoLoop& loop, UniqueFd socket, OnFrame on_frame, OnEnd on_end);

  /// Queues a frame; dropped once the peer is gone. `message` is at most kMaxFrameBytes long.
  void send(std::string_view message, UniqueFd descriptor = {});
  /// Whether frames are taken from the socket; the peer is held back meanwhile.
  void setReading(bool reading);
  /// Hands on what the peer sent before it died, paused or not.
  void drain();

 private:
  struct Outgoing {
    std::string bytes;
    std::size_t sent = 0;
    UniqueFd descriptor;
  };

  void onReadable();
  void onWritable();
  bool readSome();     // False when nothing can be read now or ever.
  bool parseFrames();  // False when the stream is broken.
  void end(std::string reason);

  IoLoop& loop_;  // Borrowed from the task manager.
  UniqueFd socket_;
  OnFrame on_frame_;
  OnEnd on_end_;
  std::string buffer_;
  std::deque<Outgoing> queue_;
  bool reading_ = true;
  bool ended_ = false;
  bool broken_ = false;                   // Nothing can be sent.
  std::unique_ptr<IoLoop::Watch> watch_;  // Last: gone before the socket.
};

}  // namespace weir::taskmanager
