#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/config/resolve.h"
#include "common/runtime/client_messages.h"
#include "common/runtime/messages.h"
#include "jobmanager/blob/restore_blobs.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/execution/execution_graph.h"
#include "jobmanager/ha/job_store.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/resources/resource_manager.h"
#include "jobmanager/savepoint/savepoint_store.h"
#include "jobmanager/savepoint/state_matching.h"
#include "jobmanager/scheduler/attempt.h"
#include "jobmanager/scheduler/directory_probe.h"
#include "jobmanager/scheduler/job_view.h"
#include "jobmanager/scheduler/restart_strategy.h"

namespace weir::jobmanager {

/// What all jobs of a job manager share. Borrowed from the dispatcher, which outlives its jobs.
struct JobServices {
  CheckpointServices common;
  Random& random;
  ResourceManager& resources;
  SavepointStore& savepoints;
  ha::JobStore& store;
};

/// How one job is run: the cluster's configuration with the job's own above it.
struct JobOptions {
  LeaderEpoch epoch;
  config::RestartSettings restart;
  runtime::CheckpointStorage storage;  ///< Its directory is the job's own.
  std::size_t retained_checkpoints = 1;
  std::size_t checkpoint_history = 100;
  std::uint64_t metadata_limit = 256 << 20;  ///< Of the metadata file of a checkpoint.
  std::uint64_t event_bytes = 1 << 20;       ///< What the remembered events may hold.
  std::size_t most_removals = 16;  ///< Of checkpoints, outstanding, for the next one to begin.
  std::uint64_t most_inline_restore = blob::kMostInlineRestore;  ///< In bytes of a deployment.
  Duration slot_wait = std::chrono::seconds(10);
  /// After how long a worker that does not end is given up; its slots stay taken.
  Duration cancel_wait = std::chrono::seconds(60);
  std::vector<std::string> probe_directories;
  std::string machine;
  std::string version;
  std::string holder;  ///< This process, as marks name it; see mark_holder.h.
  /// Of a program that was started by hand: whether any record was processed yet. A job without a
  /// strategy of its own that fails before does not restart, and the program tells how it ended.
  std::function<bool()> has_processed;
  std::map<std::string, std::string> configuration;  ///< Travels with deployments.
};

/// Hears what happens to a job. Called on the strand; must not destroy the job inside the call.
class JobListener {
 public:
  virtual ~JobListener() = default;
  virtual void jobEvent(JobId job, const runtime::JobEvent& event) = 0;
  virtual void jobChanged(JobId job) = 0;
  /// It is in a terminal state and will call nothing any more.
  virtual void jobEnded(JobId job) = 0;
};

/// Runs one job: restores, takes slots, deploys, watches, restarts, and ends it.
///
/// Lives until its job has ended. What belongs to another attempt is refused by execution id.
/// Threads: the strand; callbacks come on it, exactly once, also when the job ends first.
class JobMaster final : private CheckpointedTasks {
 public:
  JobMaster(const JobServices& services,
            JobOptions options,
            runtime::SubmitRequest request,
            JobListener& listener);
  ~JobMaster() override;

  /// Matches the savepoint if one is named, answers, and schedules. A savepoint that does not fit
  /// ends the job FAILED, without restart, and is the answer.
  void start(Callback<runtime::SubmitReply> done);
  /// Answers once cancelling has begun.
  void cancel(Callback<std::monostate> done);
  void savepoint(const runtime::SavepointRequest& request,
                 std::function<void(const runtime::SavepointProgress&)> progress,
                 Callback<runtime::SavepointResult> done);
  /// Ends the job without restart because the job manager ends; its last checkpoint stays.
  void abandon(const std::string& reason);
  /// Waits for no worker any more.
  void giveUp();

  void report(TaskManagerId from, const runtime::TaskManagerReport& report);
  void taskManagerLost(TaskManagerId id, const std::string& reason);

  runtime::JobSummary summary() const;
  JobView view() const;
  /// The last events, for those who follow from now on.
  const std::deque<runtime::JobEvent>& pastEvents() const { return events_; }
  CheckpointCoordinator& checkpoints() { return coordinator_; }

 private:
  struct Restored {
    std::string path;
    runtime::CheckpointMetadata metadata;
    RestorePlan plan;
  };

  // CheckpointedTasks.
  void trigger(const runtime::CheckpointOrder& order) override;
  void notify(CheckpointId checkpoint, bool completed) override;
  std::string describe(const runtime::TaskId& task) const override;
  void point(std::vector<ha::CheckpointPointer> retained, Callback<std::monostate> done) override;
  void checkpointCompleted(CheckpointId checkpoint) override;

  void restore(const runtime::RestoreRequest& request, Callback<runtime::SubmitReply> done);
  void restored(Restored restored, Callback<runtime::SubmitReply> done);
  void refuse(const Error& why, const Callback<runtime::SubmitReply>& done);
  void accept(const runtime::RestoreReport& report, const Callback<runtime::SubmitReply>& done);
  void schedule();
  void allocated(const runtime::ExecutionId& execution, Result<Placement> placement);
  void probe();
  void deploy();
  runtime::Restores restores() const;

  bool speaksFor(TaskManagerId from, const runtime::TaskId& task) const;
  void update(const runtime::TaskUpdate& update);
  void taskFailed(const runtime::TaskUpdate& update);
  void workerExited(TaskManagerId from, const runtime::WorkerExited& exited);
  void workerGone(TaskManagerId id, const std::string& cause, std::string cancel_cause = {});
  void blameWorker(const std::string& cause);
  void startCheckpoints();
  void finishIfDone();
  void takeFinalCheckpoint();

  void fail(const Error& why, bool recoverable = true);
  void stopAttempt(const Error& why);
  void attemptOver();
  void afterAttempt();
  void restartOrFail();
  void end(runtime::JobState state);
  void ended(runtime::JobState terminal);
  void move(runtime::JobState to, const std::string& cause = {});
  void emit(runtime::JobEvent event);
  void emitTask(const runtime::TaskId& task, const std::string& cause);
  void releaseRestored();
  void releaseTaken();
  void releaseMarks(std::function<void()> done);
  /// A clause that continues "waits"; empty when nothing holds it up.
  std::string waitsFor() const;
  std::string waitsWhileRunning() const;
  std::int64_t now() const { return toEpochMillis(services_.common.clock.wallNow()); }
  runtime::JobState state() const { return graph_.state(); }
  std::string label() const { return "job " + id_.hex() + " ('" + graph_.graph().name + "')"; }

  JobServices services_;
  const JobOptions options_;
  JobListener& listener_;  // The dispatcher, which owns us.
  const JobId id_;
  const runtime::Program program_;
  std::optional<runtime::RestoreRequest> restore_request_;
  ExecutionGraph graph_;
  const std::shared_ptr<const JobOutline> outline_;  // Shared with views, which outlive the job.
  const std::int64_t start_millis_;
  RestartStrategy strategy_;
  CheckpointCoordinator coordinator_;
  DirectoryProbe probe_;
  std::set<TaskManagerId> probed_;             // Share our directories.
  std::optional<Restored> restored_;           // Where the job started from.
  bool restored_in_use_ = false;               // The mark beside it stands.
  std::map<CheckpointId, std::string> taken_;  // Savepoints that our mark stands beside, by path.
  runtime::ExecutionId execution_;             // Of the latest attempt.
  /// From a deployment until all its tasks run, or until it is over.
  std::vector<std::unique_ptr<blob::BlobStore::Offer>> offers_;
  std::unique_ptr<Attempt> attempt_;  // From its slots until its last worker is gone.
  bool final_pending_ = false;
  bool final_taken_ = false;
  int final_failures_ = 0;
  bool finish_sent_ = false;
  bool recoverable_ = true;
  bool has_run_ = false;          // Was deployed once: what is missing now was there before.
  bool worker_to_blame_ = false;  // failure_ says how a worker ended.
  bool ending_ = false;
  bool opening_ = false;  // The savepoint to start from is being read.
  std::string failure_;
  std::uint64_t restarts_ = 0;
  SteadyTime restarts_at_;  // When it is RESTARTING.
  std::int64_t end_millis_ = -1;
  std::deque<runtime::JobEvent> events_;
  std::uint64_t event_bytes_ = 0;                        // Of events_.
  std::unique_ptr<concurrency::Executor::Timer> timer_;  // Restart pause, or bound of a wait.
};

}  // namespace weir::jobmanager
