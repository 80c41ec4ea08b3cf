#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "common/runtime/client_messages.h"
#include "common/runtime/messages.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/scheduler/attempt.h"
#include "jobmanager/scheduler/job_listener.h"
#include "jobmanager/scheduler/job_options.h"
#include "jobmanager/scheduler/job_parts.h"
#include "jobmanager/scheduler/job_view.h"

namespace weir::jobmanager {

/// Runs one job: restores, makes one attempt after the other by its restart strategy, and ends it.
///
/// Lives until its job has ended. What belongs to another attempt is refused by execution id.
/// Threads: the strand; callbacks come on it, exactly once, also when the job ends first.
class JobMaster final : public AttemptOwner {
 public:
  /// A job that is taken up again was submitted at `submitted_millis`; others, with zero, now.
  JobMaster(const JobServices& services,
            JobOptions options,
            const runtime::SubmitRequest& request,
            JobListener& listener,
            std::int64_t submitted_millis = 0);

  /// Matches the savepoint if one is named, answers, and schedules. One that does not fit ends the
  /// job FAILED, without restart, and is the answer. A job of an earlier leader goes on with its
  /// last `attempt`, where that runs, or from its `stored` checkpoints: damaged ones end it
  /// likewise, and stay; others are waited for. One that had ended is only tidied up.
  void start(std::optional<ha::JobCheckpoints> stored,
             Callback<runtime::SubmitReply> done,
             std::optional<ha::DeployedAttempt> attempt = {});
  /// Answers once cancelling has begun, and the next job manager would go on with it.
  void cancel(Callback<std::monostate> done);
  /// One that stops the job is complete, and answered with ok, exactly when the job processes
  /// nothing after it. The job then commits what it holds and finishes, whatever dies meanwhile.
  /// Where `check` refuses the snapshot, the savepoint fails.
  void savepoint(const runtime::SavepointRequest& request,
                 std::function<void(const runtime::SavepointProgress&)> progress,
                 Callback<runtime::SavepointResult> done,
                 SnapshotCheck check = {});
  /// Ends the job without restart because the job manager ends; its last checkpoint stays.
  void abandon(const std::string& reason);
  /// Waits for no worker any more.
  void giveUp();

  void report(TaskManagerId from, const runtime::TaskManagerReport& report) {
    if (!parts_.adoption.report(from, report)) {
      parts_.tasks.report(from, report);
    }
  }
  /// Hears what task managers hold of earlier leaders' attempts.
  JobAdoption& adoption() { return parts_.adoption; }
  TakeUpGate& takeUp() { return parts_.take_up; }
  void taskManagerLost(TaskManagerId id, const std::string& reason);

  runtime::JobSummary summary() const;
  /// ok when all tasks run, and the job may be stopped with a savepoint.
  Status mayStop() const { return parts_.stop.mayStop(attempt_.get()); }
  const runtime::Program& program() const { return parts_.program; }
  const graph::SharedGraph& sharedGraph() const { return parts_.states.graph().shared(); }
  JobView view() const;
  /// The last events, for those who follow from now on.
  const std::deque<runtime::JobEvent>& pastEvents() const { return parts_.events.past(); }
  CheckpointCoordinator& checkpoints() { return parts_.coordinator; }
  /// Whether the checkpoints that an earlier leader stored for it are not known yet.
  bool reading() const { return parts_.reading(); }
  const CheckpointHistory& history() const { return parts_.coordinator.history(); }

 private:
  enum class Phase : std::uint8_t {
    kRestoring,  ///< The savepoint to start from is being read.
    kTrying,     ///< Attempts, and pauses between them.
    kEnding,     ///< What the job needs no more is being discarded; then it has ended.
  };

  // AttemptOwner.
  void attemptFailed(const Error& why) override { fail(why); }
  void causeKnown(const std::string& cause) override {
    failure_ = cutText(cause, kMostFailureBytes);
  }
  void attemptOver() override;

  void takeUp(ha::JobCheckpoints stored, const Callback<runtime::SubmitReply>& done);
  void restore(std::optional<ha::JobCheckpoints> stored, Callback<runtime::SubmitReply> done);
  void refuse(const Error& why, const Callback<runtime::SubmitReply>& done);
  void accept(const runtime::RestoreReport& report, const Callback<runtime::SubmitReply>& done);
  void schedule();
  void adoptOr(void (JobMaster::*otherwise)());
  void adopt(const HeldTasks& held);

  void fail(const Error& why);
  void stopAttempt(const Error& why);
  void afterAttempt();
  void restartOrFail();
  void end(runtime::JobState terminal);
  runtime::JobState state() const { return parts_.states.job(); }

  JobServices services_;
  const JobOptions options_;
  JobListener& listener_;  // The dispatcher, which owns us.
  JobParts parts_;
  Phase phase_ = Phase::kTrying;
  bool may_restart_ = true;           // Until it is refused or abandoned.
  std::string failure_;               // The last one, as it is shown.
  std::unique_ptr<Attempt> attempt_;  // The latest; null before the first.
};

}  // namespace weir::jobmanager
