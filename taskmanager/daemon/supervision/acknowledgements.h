#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/runtime/messages.h"
#include "taskmanager/daemon/supervision/report_queue.h"
#include "taskmanager/daemon/supervision/state_uploads.h"

namespace weir::taskmanager {

/// Acknowledgements of tasks on their way to the job manager. They pass unread, but for those with
/// state for its memory, which is moved there first. What no message takes becomes a decline, as
/// the connection would break over it and all jobs here be lost.
///
/// Lives as long as the task manager's strand; the strand.
class Acknowledgements {
 public:
  struct Events {
    /// How sentences name an operator of a job.
    std::function<std::string(const runtime::ExecutionId&, OperatorId)> name_of;
    /// bytes() has changed.
    std::function<void()> moved;
  };

  /// All are borrowed from the task manager.
  Acknowledgements(IoLoop& loop,
                   concurrency::Executor& pool,
                   BlobTransport& transport,
                   ReportQueue& reports,
                   Events events)
      : uploads_(loop, pool, transport), reports_(reports), events_(std::move(events)) {}

  /// `storage`: where the job's snapshots go.
  void add(runtime::CheckpointStorage::Kind storage, runtime::EncodedAck ack);
  /// Without `checkpoint` all of an attempt.
  void abort(const runtime::ExecutionId& execution,
             std::optional<CheckpointId> checkpoint = std::nullopt) {
    uploads_.abort(execution, checkpoint);
  }
  /// Of state that is held here until it is moved.
  std::uint64_t bytes() const { return uploads_.bytes(); }
  /// A session begins: what was acknowledged in the last one concerns nobody any more.
  void beginSession() { ++session_; }

 private:
  void uploaded(StateUploads::Outcome outcome);
  void moveState(runtime::CheckpointAck ack);
  void relay(runtime::EncodedAck ack);
  void report(runtime::CheckpointAck ack);
  std::string tooLarge(const runtime::CheckpointAck& ack, std::uint64_t bytes) const;
  template <typename Ack>  // Encoded or not.
  void decline(const Ack& ack, std::string reason);

  StateUploads uploads_;
  ReportQueue& reports_;
  const Events events_;
  std::uint64_t session_ = 0;
};

}  // namespace weir::taskmanager
