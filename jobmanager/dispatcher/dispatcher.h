#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "jobmanager/blob/blob_store.h"
#include "jobmanager/checkpoint/discard_workers.h"
#include "jobmanager/checkpoint/state_blobs.h"
#include "jobmanager/dispatcher/dispatcher_gateway.h"
#include "jobmanager/dispatcher/dispatcher_options.h"
#include "jobmanager/dispatcher/operation_log.h"
#include "jobmanager/ha/job_store.h"
#include "jobmanager/resources/resource_manager.h"
#include "jobmanager/savepoint/savepoint_store.h"
#include "jobmanager/scheduler/job_master.h"

namespace weir::jobmanager {

/// What a dispatcher works with. All of it outlives the dispatcher.
struct DispatcherServices {
  concurrency::Executor& strand;  ///< Owns all state of the job manager.
  concurrency::Executor& io;      ///< Runs the file work of jobs.
  const Clock& clock;
  Random& random;  ///< Used on the strand.
  fs::FileSystem& files;
  blob::BlobStore& blobs;
  ha::JobStore& store;
  concurrency::Executor* user_io = nullptr;  ///< Work on paths that users name; null: `io`.
};

/// The job manager's heart: jobs by id, task managers, savepoints, and views of them.
///
/// Calls may come from any thread and are carried out on the strand. stop() must have answered, and
/// the executors must have been shut down, before it is destroyed.
class Dispatcher final : public DispatcherGateway, private SavepointOwners, private JobListener {
 public:
  /// Takes leadership in the store. kFenced and what else the store says.
  static Result<std::unique_ptr<Dispatcher>> open(const DispatcherServices& services,
                                                  DispatcherOptions options);
  ~Dispatcher() override;

  /// Ends all jobs (their last checkpoints stay), answers everybody who waits, and calls `done` on
  /// the strand, at the latest after a few seconds. Everything that is asked later is refused.
  void stop(std::function<void()> done);

  void submit(runtime::SubmitRequest request, Callback<runtime::SubmitReply> done) override;
  void follow(JobId job, JobEventSink sink, Callback<std::monostate> done) override;
  void list(Callback<std::vector<runtime::JobSummary>> done) override;
  void cancel(JobId job, Callback<std::monostate> done) override;
  void savepoint(runtime::SavepointRequest request,
                 SavepointProgressSink progress,
                 Callback<runtime::SavepointResult> done) override;
  void dispose(runtime::DisposeRequest request, Callback<runtime::DisposeReply> done) override;
  void listSavepoints(Callback<std::vector<runtime::SavepointInfo>> done) override;
  void registerTaskManager(runtime::Registration registration,
                           std::shared_ptr<TaskManagerGateway> gateway,
                           Callback<std::monostate> done) override;
  void report(TaskManagerId from,
              const TaskManagerGateway* gateway,
              runtime::TaskManagerReport report) override;
  void taskManagerLost(TaskManagerId id,
                       const TaskManagerGateway* gateway,
                       std::string reason) override;
  std::shared_ptr<const ClusterView> view() override;

 private:
  struct Job {
    std::unique_ptr<JobMaster> master;
    std::vector<JobEventSink> followers;
    std::vector<Callback<runtime::SubmitReply>> submitters;  // Wait for `accepted`.
    std::optional<Result<runtime::SubmitReply>> accepted;
  };
  /// A job that has ended, or was refused.
  struct Ended {
    JobView view;
    std::deque<runtime::JobEvent> events;
    std::optional<Result<runtime::SubmitReply>> accepted;

    /// It never ran: its savepoint did not fit, or it was cancelled before.
    bool refused() const { return accepted && !accepted->has_value(); }
  };

  Dispatcher(const DispatcherServices& services, DispatcherOptions options, LeaderEpoch epoch);

  // SavepointOwners.
  bool releaseSavepoint(JobId job, CheckpointId checkpoint) override;
  bool ownsCheckpoint(JobId job, CheckpointId checkpoint) const override;
  bool isRunning(JobId job) const override;
  std::shared_ptr<const runtime::JobProgram> programOf(JobId job) const override;
  // JobListener.
  void jobEvent(JobId job, const runtime::JobEvent& event) override;
  void jobChanged(JobId job) override;
  void jobEnded(JobId job) override;

  /// Runs `task` on the strand, unless the dispatcher is gone by then.
  void post(std::function<void()> task);
  void submitHere(runtime::SubmitRequest request, Callback<runtime::SubmitReply> done);
  Result<JobMaster*> create(runtime::SubmitRequest request);
  void accepted(JobId job, const Result<runtime::SubmitReply>& reply);
  void followHere(JobId job, JobEventSink sink, const Callback<std::monostate>& done);
  void savepointHere(const runtime::SavepointRequest& request);
  void reportHere(TaskManagerId from, const runtime::TaskManagerReport& report);
  void lostHere(TaskManagerId id, const std::string& reason);
  void retire(JobId job);
  void stopIfEmpty();
  void publish();
  Error unknownJob(JobId job) const;
  const Ended* findEnded(JobId job) const;
  /// Those that lists and views show, newest first: the last that ran and as many that were
  /// refused.
  std::vector<const Ended*> shownEnded() const;

  DispatcherServices services_;
  const DispatcherOptions options_;
  const LeaderEpoch epoch_;
  StateBlobs state_blobs_;
  ResourceManager resources_;
  DiscardWorkers discarder_;
  SavepointStore savepoints_;
  std::map<JobId, Job> jobs_;  // After what they borrow.
  std::deque<Ended> ended_;    // Newest first.
  std::uint64_t finished_ = 0;
  std::uint64_t cancelled_ = 0;
  std::uint64_t failed_ = 0;
  OperationLog<runtime::SavepointResult> savepoint_operations_;
  OperationLog<runtime::DisposeReply> dispose_operations_;
  std::map<OperationId, std::vector<SavepointProgressSink>> progress_;
  std::vector<std::function<void()>> stopped_;  // Wait for the end of stop().
  bool stopping_ = false;
  std::unique_ptr<concurrency::Executor::Timer> stop_deadline_;
  std::unique_ptr<concurrency::Executor::Timer> publish_timer_;
  std::mutex view_mutex_;
  std::shared_ptr<const ClusterView> view_;  // Under view_mutex_; shared with readers.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // Watched by posted calls.
};

}  // namespace weir::jobmanager
