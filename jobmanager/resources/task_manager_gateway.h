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
  /// The leader goes on with an attempt that the task manager holds from an earlier one.
  virtual void adopt(const runtime::ExecutionId& /*execution*/) {}
  /// Nobody goes on with it: its worker is killed.
  virtual void giveUp(const runtime::ExecutionId& /*execution*/) {}
  /// Ends the connection; the task manager kills what it runs and registers again.
  virtual void close(const std::string& reason) = 0;
  /// Ends the connection, and leaves what runs to the next leader.
  virtual void leave(const std::string& reason) { close(reason); }
};

}  // namespace weir::jobmanager
