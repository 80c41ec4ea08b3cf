#pragma once

#include <cstdint>
#include <vector>

#include "common/functions/edge.h"
#include "taskmanager/worker/network/wake_signal.h"

namespace weir::worker {

/// The producer's end of a channel to one consumer subtask, in this process or another.
///
/// Used by the producer's thread only. Lives as long as its task; what it hands over to outlives
/// it.
class OutputChannel {
 public:
  virtual ~OutputChannel() = default;

  /// Sends and empties `buffer` unless `window` data buffers are under way already; then returns
  /// false and wakes `sender` once there is room. `recycled` receives buffers to use again.
  virtual bool trySend(functions::Buffer& buffer,
                       std::uint32_t window,
                       WakeSignal& sender,
                       std::vector<functions::Buffer>& recycled) = 0;
  /// Whether trySend() would find room; if not, wakes `sender` once there is.
  virtual bool hasRoom(std::uint32_t window, WakeSignal& sender) = 0;
  /// Signals need no room.
  virtual void sendSignal(const functions::Signal& signal) = 0;
  /// Data buffers that were sent and not yet consumed.
  virtual std::uint32_t inFlight() const = 0;
};

}  // namespace weir::worker
