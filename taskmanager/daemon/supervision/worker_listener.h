#pragma once

#include "common/base/ids.h"
#include "common/runtime/messages.h"

namespace weir::taskmanager {

/// Who is told about workers. Calls come from the strand; none may destroy the worker directly.
class WorkerListener {
 public:
  virtual ~WorkerListener() = default;
  /// It has its work and takes peers.
  virtual void onDeployed(const runtime::ExecutionId& execution) = 0;
  /// Something that a task, or a discard, of this very execution says; but for acknowledgements.
  virtual void onReport(const runtime::ExecutionId& execution, runtime::WorkerReport report) = 0;
  /// An acknowledgement of this execution, unread but for its header.
  virtual void onAck(runtime::EncodedAck ack) = 0;
  /// Nothing of it lives any more. The last call.
  virtual void onEnded(const runtime::WorkerExited& exited) = 0;
};

}  // namespace weir::taskmanager
