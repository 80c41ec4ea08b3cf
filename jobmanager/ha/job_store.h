#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/runtime/client_messages.h"
#include "jobmanager/ha/checkpoint_pointer.h"
#include "jobmanager/ha/deployed_attempt.h"
#include "jobmanager/ha/upgrade_record.h"

namespace weir::ha {

/// Where a call of the store answers, once: within the call or later, on any thread.
template <typename T>
using Answer = std::function<void(Result<T>)>;

/// A job as it was submitted, and what is known of its checkpoints.
struct StoredJob {
  runtime::SubmitRequest request;
  JobCheckpoints checkpoints;
  std::int64_t submitted_millis = 0;         ///< When it was first stored; zero: unknown.
  std::optional<DeployedAttempt> attempt{};  ///< The last one that was deployed.
};

/// What came of a client's savepoint request, to be answered the same way when it is repeated.
struct SavepointAnswer {
  OperationId operation;
  JobId job;
  Result<runtime::SavepointResult> result;
};

/// The term of a leader, and what earlier ones left behind.
struct Term {
  LeaderEpoch epoch;
  std::vector<StoredJob> jobs;
  std::vector<SavepointAnswer> savepoints;  ///< The last ones, oldest first.
  std::vector<StoredUpgrade> upgrades;      ///< Of those that were answered, operation and answer.
};

/// All that must survive a job manager: jobs, where their checkpoints lie, answers, the epoch.
///
/// What a call has answered with ok is kept as long as the store promises. Calls of one leader take
/// effect, and are answered, in their order; each is answered in bounded time. Every write carries
/// the epoch of the leader that makes it. A leader uses it through LeaderStore.
///
/// Threads: any. Errors: kFenced once a newer leader has taken over; the caller then steps down.
class JobStore {
 public:
  virtual ~JobStore() = default;

  /// No older leader writes from now on.
  virtual void beginTerm(Answer<Term> done) = 0;

  /// Idempotent by the job's id.
  virtual void putJob(LeaderEpoch epoch,
                      runtime::SubmitRequest job,
                      Answer<std::monostate> done) = 0;
  /// Removes the job with its checkpoint pointers; ok when there is none.
  virtual void removeJob(LeaderEpoch epoch, JobId job, Answer<std::monostate> done) = 0;
  /// Replaces what is known of the checkpoints of a job that is stored.
  virtual void putCheckpoints(LeaderEpoch epoch,
                              JobId job,
                              JobCheckpoints checkpoints,
                              Answer<std::monostate> done) = 0;
  /// Replaces the last attempt of a job that is stored.
  virtual void putAttempt(LeaderEpoch epoch,
                          DeployedAttempt attempt,
                          Answer<std::monostate> done) = 0;
  /// Adds or replaces.
  virtual void putSavepoint(LeaderEpoch epoch,
                            SavepointAnswer answer,
                            Answer<std::monostate> done) = 0;
  /// One that begins. It is kept until it is answered, and its answer for a while.
  virtual void putUpgrade(LeaderEpoch epoch,
                          StoredUpgrade upgrade,
                          Answer<std::monostate> done) = 0;
  /// Replaces what is known of one that is stored.
  virtual void putUpgradeProgress(LeaderEpoch epoch,
                                  OperationId upgrade,
                                  UpgradeProgress progress,
                                  Answer<std::monostate> done) = 0;
};

/// Waits for the term to begin, at most `patience`: for the start of a process, off the strand.
Result<Term> beginTerm(JobStore& store, Duration patience);

}  // namespace weir::ha
