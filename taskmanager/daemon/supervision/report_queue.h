#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/runtime/messages.h"
#include "taskmanager/daemon/supervision/io_loop.h"
#include "taskmanager/daemon/supervision/job_manager_link.h"

namespace weir::taskmanager {

/// What this task manager has to tell the job manager, in order, while a session lasts: updates of
/// tasks travel together, as many as a message takes.
///
/// Lives as long as the task manager's strand; the strand.
class ReportQueue {
 public:
  /// Both are borrowed from the task manager. `sent` is called after something went to the link.
  ReportQueue(IoLoop& loop, JobManagerLink& link, std::function<void()> sent)
      : loop_(loop), link_(link), sent_(std::move(sent)) {}

  /// A session lasts from now on, in which a message has at most `most_bytes`.
  void open(std::uint64_t most_bytes);
  /// The session is over: what waits is dropped, and what comes until open() too.
  void close();
  bool isOpen() const { return open_; }
  std::uint64_t mostBytes() const { return most_bytes_; }

  /// Sends a report behind the updates that wait.
  void send(runtime::TaskManagerReport report);
  void relay(runtime::EncodedAck ack);
  /// Sends an update together with others of this turn of the loop.
  void add(runtime::TaskUpdate update);
  /// Sends the updates that wait.
  void flush();

 private:
  IoLoop& loop_;
  JobManagerLink& link_;
  const std::function<void()> sent_;
  bool open_ = false;
  std::uint64_t most_bytes_ = 0;
  std::vector<runtime::TaskUpdate> updates_;
  bool flush_posted_ = false;
};

}  // namespace weir::taskmanager
