#pragma once

#include <functional>
#include <map>
#include <memory>
#include <variant>
#include <vector>

#include "common/concurrency/executor.h"
#include "jobmanager/ha/job_store.h"

namespace weir::ha {

/// The store of jobs as its leader writes to it: with the leader's epoch, and answered on its
/// strand, never inside of the call.
///
/// The first write that is fenced ends the leader's term: `fenced` is called, and no write is
/// answered from then on. Whoever waits for one is to be dropped without another word: what it
/// would do next is the newer leader's business. The same holds when the leader ends its term
/// itself.
///
/// The removal of a job that the store refuses for now, as its disk is full, is tried again until
/// it is taken: what is done next removes what the job would need to go on.
///
/// Threads: the strand.
class LeaderStore {
 public:
  /// Executor and store outlive it.
  LeaderStore(JobStore& store,
              concurrency::Executor& strand,
              LeaderEpoch epoch,
              std::function<void(const Error&)> fenced)
      : store_(store), strand_(strand), epoch_(epoch), fenced_(std::move(fenced)) {}

  LeaderEpoch epoch() const { return epoch_; }

  void write(Change change, Answer<std::monostate> done) {
    store_.write(epoch_, std::move(change), onStrand(std::move(done)));
  }
  void putCheckpoints(JobId job, JobCheckpoints checkpoints, Answer<std::monostate> done) {
    write(PutCheckpoints{job, std::move(checkpoints)}, std::move(done));
  }
  void removeJob(JobId job, Answer<std::monostate> done);

  /// No write is answered from now on.
  void endTerm() { over_ = true; }

 private:
  static constexpr Duration kRemoveAgain = std::chrono::seconds(1);

  void tryRemoveAgain(JobId job, const Error& why, Answer<std::monostate> done);
  Answer<std::monostate> onStrand(Answer<std::monostate> done);
  void answered(const Status& written, const Answer<std::monostate>& done);

  JobStore& store_;
  concurrency::Executor& strand_;
  const LeaderEpoch epoch_;
  const std::function<void(const Error&)> fenced_;
  bool over_ = false;  // Was fenced, or ended.
  std::map<JobId, std::unique_ptr<concurrency::Executor::Timer>> removals_;  // Tried again.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);               // Watched by answers.
};

}  // namespace weir::ha
