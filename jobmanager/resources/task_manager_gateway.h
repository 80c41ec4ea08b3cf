#pragma once

#include "common/runtime/messages.h"

namespace weir::jobmanager {

/// The way to one task manager: an ordered stream of orders. What is sent to a lost task manager is
/// dropped; its loss is reported to the resource manager by whoever owns the connection.
///
/// Threads: send() and close() may be called from any thread and never block.
class TaskManagerGateway {
 public:
  virtual ~TaskManagerGateway() = default;
  virtual void send(runtime::TaskManagerOrder order) = 0;
  /// Its heartbeat was heard: it is not given up for a heartbeat time-out after it was sent.
  virtual void heard(std::uint64_t /*heartbeat*/) {}
  /// Ends the connection; the task manager cancels what it runs and registers again.
  virtual void close(const std::string& reason) = 0;
};

}  // namespace weir::jobmanager
