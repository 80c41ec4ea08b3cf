#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <vector>

#include "jobmanager/ha/job_store.h"

namespace weir::ha {

/// `recovery.mode: standalone`: the store ends with the job manager, and so do its jobs. Remembers
/// the answers of the last `kSavepoints` savepoints, and as many upgrades and disposals. Answers
/// within the calls.
class MemoryJobStore final : public JobStore {
 public:
  static constexpr std::size_t kSavepoints = 1000;

  void beginTerm(Answer<Term> done) override;
  void write(LeaderEpoch epoch, Change change, Answer<std::monostate> done) override;

 private:
  void apply(PutJob put);
  void apply(const RemoveJob& removed);
  void apply(const CancelJob& cancelled);
  void apply(PutCheckpoints put);
  void apply(DeployedAttempt attempt);
  void apply(SavepointAnswer answer);
  void apply(PutUpgrade put);
  void apply(PutUpgradeProgress put);
  void apply(StoredDisposal disposal);
  StoredJob* find(JobId job);

  std::mutex mutex_;
  LeaderEpoch epoch_;
  std::map<JobId, StoredJob> jobs_;
  std::deque<SavepointAnswer> savepoints_;  // Oldest first.
  std::deque<StoredUpgrade> upgrades_;      // Likewise.
  std::deque<StoredDisposal> disposals_;    // Likewise.
};

}  // namespace weir::ha
