#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <vector>

#include "jobmanager/ha/job_store.h"

namespace weir::ha {

/// `recovery.mode: standalone`: the store ends with the job manager, and so do its jobs. Remembers
/// the answers of the last `kSavepoints` savepoints, and as many upgrades. Answers within the
/// calls.
class MemoryJobStore final : public JobStore {
 public:
  static constexpr std::size_t kSavepoints = 1000;

  void beginTerm(Answer<Term> done) override;
  void putJob(LeaderEpoch epoch, runtime::SubmitRequest job, Answer<std::monostate> done) override;
  void removeJob(LeaderEpoch epoch, JobId job, Answer<std::monostate> done) override;
  void putCheckpoints(LeaderEpoch epoch,
                      JobId job,
                      JobCheckpoints checkpoints,
                      Answer<std::monostate> done) override;
  void putAttempt(LeaderEpoch epoch, DeployedAttempt attempt, Answer<std::monostate> done) override;
  void putSavepoint(LeaderEpoch epoch,
                    SavepointAnswer answer,
                    Answer<std::monostate> done) override;
  void putUpgrade(LeaderEpoch epoch, StoredUpgrade upgrade, Answer<std::monostate> done) override;
  void putUpgradeProgress(LeaderEpoch epoch,
                          OperationId upgrade,
                          UpgradeProgress progress,
                          Answer<std::monostate> done) override;

 private:
  /// Makes a change if the epoch is the newest, and answers without holding the lock.
  template <typename Change>
  void write(LeaderEpoch epoch, Change change, const Answer<std::monostate>& done);

  std::mutex mutex_;
  LeaderEpoch epoch_;
  std::map<JobId, StoredJob> jobs_;
  std::deque<SavepointAnswer> savepoints_;  // Oldest first.
  std::deque<StoredUpgrade> upgrades_;      // Likewise.
};

}  // namespace weir::ha
