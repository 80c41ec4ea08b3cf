#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/concurrency/executor.h"
#include "jobmanager/ha/leader_store.h"
#include "jobmanager/upgrade/stored_progress.h"
#include "jobmanager/upgrade/upgrade_audience.h"
#include "jobmanager/upgrade/upgrade_jobs.h"
#include "jobmanager/upgrade/upgrade_state.h"

namespace weir::jobmanager {

/// One upgrade, from the stop of a job until another one runs, be it of the next program or, where
/// that does not come to its first checkpoint, of the old one.
///
/// It goes in steps (ha::UpgradeStep). Each is stored before what follows from it is done, and can
/// be done again by the next job manager. A job that ends meanwhile is forgotten by the store of
/// jobs only once it is stored what that means here, so that no program is started beside, or
/// after, the one that has taken over.
///
/// The next program has taken over with its first completed checkpoint. Before, nothing of it was
/// committed to the outside; from then on the old one is never started again. Who gives it up
/// cancels it in the same turn of the strand in which there was no checkpoint.
///
/// Threads: the strand.
class UpgradeRun {
 public:
  /// What it works with. All of it outlives the run.
  struct Parts {
    ha::LeaderStore& store;
    concurrency::Executor& strand;
    const Clock& clock;
    UpgradeJobs& jobs;
  };
  using Answered = std::function<void(const Result<runtime::UpgradeReply>&)>;

  /// `answered` is called once, at its end.
  UpgradeRun(ha::StoredUpgrade upgrade, const Parts& parts, Answered answered);

  /// Stores that it begins, and goes on. When that is not stored, nothing was done.
  void begin();
  /// Instead, with start() after it: an earlier leader has begun it, and these are its jobs.
  void resume(const std::vector<ha::StoredJob>& jobs);
  /// The jobs are there again.
  void start();

  /// Calls `to` with what is done now, and whenever that is something else, until it is answered.
  void tell(runtime::UpgradeNoticeSink to) {
    audience_.add(std::move(to), ready_ ? state_.notice() : std::nullopt);
  }
  const UpgradeState& state() const { return state_; }
  /// Something has changed of one of its jobs, or one has ended.
  void changed();
  /// A savepoint that an earlier leader had begun for this upgrade has come to its end.
  void savepointEnded(const Result<runtime::SavepointResult>& result);
  /// One of its jobs has come to this, and may be forgotten once `forget` is called.
  void jobEnding(JobId job, const runtime::JobResult& result, std::function<void()> forget);
  /// The job manager ends, and with it all jobs: none waits for this any more.
  void abandon();

 private:
  std::int64_t now() const { return toEpochMillis(parts_.clock.wallNow()); }

  void advance();
  /// Does what the step that is stored asks for.
  void act();
  void waitAtMost();
  void timedOut();
  /// What follows from how its jobs stand.
  void look();
  void stopWhenRunning();  // One that was just taken up again has to start first.
  void submitNext();
  void watchNext();
  void submitBack();
  void watchBack();
  void fail(const std::string& why) {
    state_.fail(why);
    advance();
  }
  void succeed();
  void refuse(const Error& why) {
    state_.refuse(why);
    advance();
  }

  template <typename Call>
  auto guarded(Call call);

  UpgradeState state_;
  const Parts parts_;
  const UpgradePatience patience_;
  const Answered answered_;
  StoredProgress progress_;
  bool ready_ = false;    // The step is stored and was acted on: changes of jobs are looked at.
  bool looking_ = false;  // A look is posted.
  UpgradeAudience audience_;
  bool ordered_ = false;             // In this step: the stop, or the submission.
  std::optional<SteadyTime> until_;  // Of the deadline.
  std::unique_ptr<concurrency::Executor::Timer> deadline_;      // Of the step.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // Watched by callbacks.
};

}  // namespace weir::jobmanager
