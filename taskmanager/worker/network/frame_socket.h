#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "taskmanager/worker/memory/buffer_pool.h"
#include "taskmanager/worker/network/frame.h"

namespace weir::worker {

class ByteStream;

/// What a FrameSocket tells its owner, on the IO thread.
class FrameHandler {
 public:
  virtual ~FrameHandler() = default;
  /// A whole frame; a non-empty answer is a reason to close the connection.
  virtual std::string onFrame(FrameType type, std::uint32_t channel, functions::Buffer payload) = 0;
  /// The frames of write() are with the kernel; their buffers are back in the pool.
  virtual void onWritten() = 0;
  /// The connection is gone; nothing follows.
  virtual void onClosed(const std::string& why) = 0;
};

/// A connected stream that carries frames. Payloads are read straight into pool buffers, and
/// many frames leave with one gathering write.
///
/// IO thread only, but for construction and, after the IO thread stopped, destruction.
class FrameSocket {
 public:
  FrameSocket(std::unique_ptr<ByteStream> stream, BufferPool& pool, FrameHandler& handler);
  ~FrameSocket();
  FrameSocket(const FrameSocket&) = delete;
  FrameSocket& operator=(const FrameSocket&) = delete;

  void startReading();
  /// Sends `raw`, then the frames; not before the last write() was answered by onWritten().
  void write(std::string_view raw, std::vector<OutFrame> frames);
  void close(const std::string& why);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::worker
