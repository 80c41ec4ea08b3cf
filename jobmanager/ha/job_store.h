#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/runtime/client_messages.h"
#include "jobmanager/ha/checkpoint_pointer.h"

namespace weir::ha {

/// A client's request that must be answered the same way when it is repeated.
struct Operation {
  enum class Kind : std::uint8_t { kSavepoint = 1, kDispose = 2 };
  OperationId id;
  Kind kind = Kind::kSavepoint;
  JobId job;          ///< Of a savepoint.
  std::string path;   ///< What came of it, or what was disposed; empty while it runs.
  std::string error;  ///< Why it did not work; empty otherwise.
  bool done = false;
};

/// All that must survive a job manager: jobs, where their checkpoints lie, operations, the epoch.
///
/// What a call has answered with ok is kept as long as the store promises: the memory form until
/// the process ends. Every write carries the epoch of the leader that makes it.
///
/// Threads: any. Errors: kFenced once a newer leader has taken over; the caller then steps down.
class JobStore {
 public:
  virtual ~JobStore() = default;

  /// Begins a new term: no older leader writes from now on.
  virtual Result<LeaderEpoch> takeLeadership() = 0;

  /// Idempotent by the job's id.
  virtual Status putJob(LeaderEpoch epoch, const runtime::SubmitRequest& job) = 0;
  virtual Result<std::vector<runtime::SubmitRequest>> jobs() = 0;
  /// Removes the job with its checkpoint pointers; ok when there is none.
  virtual Status removeJob(LeaderEpoch epoch, JobId job) = 0;

  /// Replaces the pointers of a job, oldest first.
  virtual Status putCheckpoints(LeaderEpoch epoch,
                                JobId job,
                                const std::vector<CheckpointPointer>& checkpoints) = 0;
  /// Oldest first; empty for an unknown job.
  virtual Result<std::vector<CheckpointPointer>> checkpoints(JobId job) = 0;

  /// Adds or replaces.
  virtual Status putOperation(LeaderEpoch epoch, const Operation& operation) = 0;
  virtual Result<std::optional<Operation>> operation(OperationId id) = 0;
};

/// `recovery.mode: standalone`: the store ends with the job manager, and so do its jobs. Remembers
/// the last `kOperations` operations.
class MemoryJobStore final : public JobStore {
 public:
  static constexpr std::size_t kOperations = 1000;

  Result<LeaderEpoch> takeLeadership() override;
  Status putJob(LeaderEpoch epoch, const runtime::SubmitRequest& job) override;
  Result<std::vector<runtime::SubmitRequest>> jobs() override;
  Status removeJob(LeaderEpoch epoch, JobId job) override;
  Status putCheckpoints(LeaderEpoch epoch,
                        JobId job,
                        const std::vector<CheckpointPointer>& checkpoints) override;
  Result<std::vector<CheckpointPointer>> checkpoints(JobId job) override;
  Status putOperation(LeaderEpoch epoch, const Operation& operation) override;
  Result<std::optional<Operation>> operation(OperationId id) override;

 private:
  Status checkEpoch(LeaderEpoch epoch) const;  // With mutex_ held.

  std::mutex mutex_;
  LeaderEpoch epoch_;
  std::map<JobId, runtime::SubmitRequest> jobs_;
  std::map<JobId, std::vector<CheckpointPointer>> checkpoints_;
  std::map<OperationId, Operation> operations_;
  std::vector<OperationId> order_;  // Of operations, oldest first.
};

}  // namespace weir::ha
