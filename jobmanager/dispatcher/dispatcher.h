#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jobmanager/checkpoint/state_blobs.h"
#include "jobmanager/dispatcher/dispatcher_gateway.h"
#include "jobmanager/dispatcher/dispatcher_options.h"
#include "jobmanager/dispatcher/dispatcher_services.h"
#include "jobmanager/dispatcher/job_registry.h"
#include "jobmanager/dispatcher/registered_owners.h"
#include "jobmanager/dispatcher/savepoint_requests.h"
#include "jobmanager/dispatcher/task_manager_desk.h"
#include "jobmanager/dispatcher/upgradable_jobs.h"
#include "jobmanager/dispatcher/view_publisher.h"
#include "jobmanager/ha/leader_store.h"
#include "jobmanager/handles/discard_workers.h"
#include "jobmanager/resources/resource_manager.h"
#include "jobmanager/savepoint/savepoint_store.h"
#include "jobmanager/upgrade/upgrades.h"

namespace weir::jobmanager {

/// The job manager's heart: puts its owners together, takes calls from any thread to the strand,
/// and ends it all in order.
///
/// Steps down when the store says that a newer leader took over: who waits is answered, connections
/// are closed, and of its jobs nothing is changed or removed, as they are the newer leader's.
/// stop() must have answered, and the executors must have been shut down, before it is destroyed.
class Dispatcher final : public DispatcherGateway, private RegistryListener {
 public:
  /// Takes leadership in the store, waiting for it as for file work, and takes its jobs up again:
  /// not to be called on the strand. Errors are those of the store.
  static Result<std::unique_ptr<Dispatcher>> open(const DispatcherServices& services,
                                                  DispatcherOptions options);
  ~Dispatcher() override;

  /// Of the term that it leads.
  LeaderEpoch epoch() const { return store_.epoch(); }
  /// Ends all jobs (their last checkpoints stay), or leaves them to the next job manager where the
  /// store keeps them; answers everybody who waits, and calls `done` on the strand, at the latest
  /// after a few seconds. Everything that is asked later is refused.
  void stop(std::function<void()> done);

  void submit(runtime::SubmitRequest request, Callback<runtime::SubmitReply> done) override;
  void follow(JobId job, JobEventSink sink, Callback<std::monostate> done) override;
  void list(Callback<std::vector<runtime::JobSummary>> done) override;
  void cancel(JobId job, Callback<std::monostate> done) override;
  void savepoint(runtime::SavepointRequest request,
                 SavepointProgressSink told,
                 Callback<runtime::SavepointResult> done) override;
  void upgrade(runtime::UpgradeRequest request,
               runtime::UpgradeNoticeSink told,
               Callback<runtime::UpgradeReply> done) override;
  void dispose(runtime::DisposeRequest request, Callback<runtime::DisposeReply> done) override;
  void checkpoints(JobId job,
                   std::optional<CheckpointId> which,
                   Callback<std::vector<runtime::CheckpointReport>> done) override;
  void listSavepoints(Callback<std::vector<runtime::SavepointInfo>> done) override;
  void registerTaskManager(runtime::Registration registration,
                           runtime::Holdings holdings,
                           std::shared_ptr<TaskManagerGateway> gateway,
                           Callback<std::monostate> done) override;
  void told(TaskManagerId from,
            const TaskManagerGateway* gateway,
            runtime::ExecutionId execution) override;
  void report(TaskManagerId from,
              const TaskManagerGateway* gateway,
              runtime::TaskManagerReport report) override;
  void taskManagerLost(TaskManagerId id,
                       const TaskManagerGateway* gateway,
                       std::string reason) override;
  std::shared_ptr<const ClusterView> view() override { return view_.view(); }

 private:
  Dispatcher(const DispatcherServices& services, DispatcherOptions options, LeaderEpoch epoch);

  // RegistryListener.
  void jobsChanged() override { view_.publish(); }
  void jobChanged(JobId job) override;
  void jobEnding(JobId job, const runtime::JobResult& result, std::function<void()> go) override {
    upgrades_.jobEnding(job, result, std::move(go));
  }
  void jobRetired(JobId job) override;
  void savepointEnded(const ha::SavepointAnswer& answer) override {
    upgrades_.savepointEnded(answer);
    requests_.ended(answer);
  }

  /// Runs `task` on the strand, unless the dispatcher is gone by then.
  void post(std::function<void()> task);
  void takeUp(ha::Term term);
  void look(ClusterView& view) const;
  void stopHere();
  void stopIfEmpty();
  void ended(const std::string& reason);
  void close(const Error& why);
  /// Changes nothing of any job from now on.
  void letGo(const Error& why);
  void stepDown(const Error& why);

  DispatcherServices services_;
  const DispatcherOptions options_;
  ha::LeaderStore store_;
  StateBlobs state_blobs_;
  ResourceManager resources_;
  DiscardWorkers discarder_;
  RegisteredOwners owners_;
  SavepointStore savepoints_;
  ViewPublisher view_;
  JobRegistry jobs_;  // After what jobs borrow.
  UpgradableJobs upgradable_;
  Upgrades upgrades_;
  SavepointRequests requests_;
  TaskManagerDesk desk_;
  std::optional<Error> closed_;  // Stops, or has stepped down.
  bool stepped_down_ = false;
  std::vector<std::function<void()>> stopped_;  // Wait for the end of stop().
  std::unique_ptr<concurrency::Executor::Timer> stop_deadline_;
  std::unique_ptr<concurrency::Executor::Timer> resume_disposals_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // Watched by posted calls.
};

}  // namespace weir::jobmanager
