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
#include "jobmanager/ha/change.h"
#include "jobmanager/ha/checkpoint_pointer.h"
#include "jobmanager/ha/deployed_attempt.h"
#include "jobmanager/ha/operation_records.h"
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
  bool cancelled = false;                    ///< It is not to go on.
};

/// The term of a leader, and what earlier ones left behind.
struct Term {
  LeaderEpoch epoch;
  std::vector<StoredJob> jobs;
  std::vector<SavepointAnswer> savepoints;  ///< The last ones, oldest first.
  std::vector<StoredUpgrade> upgrades;      ///< Of those that were answered, operation and answer.
  std::vector<StoredDisposal> disposals;    ///< Likewise; oldest first.
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

  virtual void write(LeaderEpoch epoch, Change change, Answer<std::monostate> done) = 0;
};

/// Waits until the store has answered, and logs each `patience` that it still does: off the strand.
Result<Term> beginTerm(JobStore& store, Duration patience);

}  // namespace weir::ha
