#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/runtime/messages.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/scheduler/adoption.h"
#include "jobmanager/scheduler/attempt_finish.h"
#include "jobmanager/scheduler/attempt_job.h"
#include "jobmanager/scheduler/attempt_owner.h"
#include "jobmanager/scheduler/attempt_placing.h"
#include "jobmanager/scheduler/attempt_workers.h"
#include "jobmanager/scheduler/restore_progress.h"

namespace weir::jobmanager {

/// One try to run a job, from the request for its slots until its last worker is gone.
///
/// Deploys to where it was placed, follows what its workers report, and sees to it that a job whose
/// inputs have ended takes a final checkpoint and finishes. Lives until the next attempt begins, so
/// that what is reported late is known for late. Threads: the strand.
class Attempt {
 public:
  enum class State : std::uint8_t {
    kPlacing,   ///< Waits for slots, and for directories to be tried.
    kStarting,  ///< Deployed; not all tasks run yet.
    kRunning,   ///< All tasks run: see AttemptFinish.
    kEnding,    ///< Failed or cancelled: the workers were told to end.
    kOver,
  };
  using Job = AttemptJob;

  /// The attempt after `last`, which is null when there was none under this leader. They are
  /// numbered on where a later leader takes the job up again, as files are named by them.
  static runtime::ExecutionId after(const Attempt* last, JobId job, LeaderEpoch epoch);

  /// Moves the tasks to SCHEDULED and asks for slots.
  Attempt(const runtime::ExecutionId& execution, const Job& job, AttemptOwner& owner);
  /// Goes on with one that an earlier leader had deployed: adopt() follows.
  Attempt(const ha::DeployedAttempt& deployed, const Job& job, AttemptOwner& owner);
  /// Takes over what its tasks have come to: from there on it is as any other.
  void adopt(const HeldTasks& held);

  const runtime::ExecutionId& execution() const { return execution_; }
  bool over() const { return state_ == State::kOver; }
  /// Whether another attempt may mend what ended this one.
  bool recoverable() const { return recoverable_; }
  /// A clause that continues "waits"; empty when nothing holds it up.
  std::string waitsFor() const;

  // What its task managers report.
  void update(const runtime::TaskUpdate& update);
  void workerExited(TaskManagerId from, const runtime::WorkerExited& exited);
  void taskManagerLost(TaskManagerId id, const std::string& reason);

  /// nullptr before it is deployed and once it is over.
  AttemptWorkers* workers() { return workers_ ? &*workers_ : nullptr; }
  /// A savepoint that it may have waited for before it finishes is complete or has failed.
  void savepointEnded() { finish_.proceed(); }
  /// How it ends in order.
  AttemptFinish& finishing() { return finish_; }
  bool mayStop() const { return finish_.mayStop(); }

  /// Tells its workers to end and waits for them, bounded. Who waits for a checkpoint is told
  /// `why`.
  void end(const Error& why);
  /// Waits for no worker any more.
  void giveUp();

 private:
  enum class Restart : std::uint8_t { kHelps, kDoesNotHelp };

  void deploy(Placement placement);
  Attempt(const runtime::ExecutionId& execution, const Job& job, AttemptOwner& owner, bool adopted);
  void setHosts();
  /// All tasks run, or, of an adopted one, have run.
  bool allStarted() const;
  bool live() const { return state_ >= State::kStarting && state_ < State::kEnding; }
  /// A job that ran before, or may have under an earlier leader: what is missing now may come back.
  Restart unlessNew() const;
  void startCheckpoints();
  void taskFailed(const runtime::TaskUpdate& update);
  void workerGone(TaskManagerId id, const std::string& cause, std::string cancel_cause = {});
  void blameWorker(const std::string& cause);
  void fail(const Error& why, Restart restart = Restart::kHelps);
  void becomeOver();
  concurrency::Executor& strand() const { return job_.services.common.strand; }
  std::string label() const;

  const runtime::ExecutionId execution_;
  const Job job_;
  AttemptOwner& owner_;
  const bool adopted_ = false;
  State state_ = State::kPlacing;
  AttemptPlacing placing_;
  std::optional<AttemptWorkers> workers_;  // From the deployment until it is over.
  RestoreProgress restore_progress_;       // From the deployment.
  AttemptFinish finish_;
  bool recoverable_ = true;
  bool worker_blamed_ = false;  // The cause that is known says how a worker ended.
  std::unique_ptr<concurrency::Executor::Timer> end_deadline_;  // Of workers told to end.
};

}  // namespace weir::jobmanager
