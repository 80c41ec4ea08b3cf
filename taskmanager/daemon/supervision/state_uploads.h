#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/concurrency/executor.h"
#include "common/runtime/messages.h"
#include "taskmanager/daemon/blobcache/blob_transport.h"
#include "taskmanager/daemon/supervision/io_loop.h"

namespace weir::taskmanager {

/// Moves sections of acknowledgements that are large, alone or together, into the job manager's
/// memory, in the background.
///
/// What is aborted ends: at once while it waits for a thread, else before its next section. Lives
/// until its strand, the loop's, has ended. Threads: the strand, on which answers come.
class StateUploads {
 public:
  /// How an upload ended.
  struct Outcome {
    /// Names the sections that are on the job manager; those that are not were taken out of it.
    runtime::CheckpointAck ack;
    Status status = ok();  ///< kCancelled: it was aborted.
    OperatorId failed;     ///< Whose section could not be moved, with an error.
  };
  using Done = std::function<void(Outcome)>;

  /// All are borrowed from the task manager.
  StateUploads(IoLoop& loop, concurrency::Executor& pool, BlobTransport& transport)
      : loop_(loop), pool_(pool), transport_(transport) {}

  /// How many bytes of `ack` are to be moved.
  static std::uint64_t bytesToMove(const runtime::CheckpointAck& ack);

  void start(runtime::CheckpointAck ack, Done done);
  /// Without `checkpoint` all of an attempt.
  void abort(const runtime::ExecutionId& execution,
             std::optional<CheckpointId> checkpoint = std::nullopt);
  /// Of state that is held here until it is moved.
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Upload;
  using SharedUpload = std::shared_ptr<Upload>;  // With the pool's thread.

  static void move(BlobTransport& transport, Upload& upload);
  void end(const SharedUpload& upload);

  IoLoop& loop_;
  concurrency::Executor& pool_;
  BlobTransport& transport_;
  std::uint64_t bytes_ = 0;
  std::set<SharedUpload> open_;
};

}  // namespace weir::taskmanager
