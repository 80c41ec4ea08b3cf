#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "jobmanager/dispatcher/dispatcher_gateway.h"

namespace weir::jobmanager::testing {

/// Answers at once and writes down what it was asked. Threads: any.
class FakeDispatcher final : public DispatcherGateway {
 public:
  void submit(runtime::SubmitRequest /*request*/, Callback<runtime::SubmitReply> done) override {
    done(runtime::SubmitReply{{{"matched"}, {}, {}}});
  }
  void follow(JobId job, JobEventSink sink, Callback<std::monostate> done) override {
    if (job != known_job) {
      done(Error(ErrorCode::kNotFound, "there is no job " + job.hex()).advise("list them"));
      return;
    }
    for (std::int64_t i = 0; i < 1000; ++i) {
      sink(runtime::JobStateChange{i, runtime::JobState::kRunning, ""});
    }
    const std::lock_guard lock(mutex);
    followers.push_back(std::move(sink));
    done(std::monostate());
    changed.notify_all();
  }
  void list(Callback<std::vector<runtime::JobSummary>> done) override {
    runtime::JobSummary job;
    job.id = known_job;
    job.name = "job";
    job.state = runtime::JobState::kRunning;
    job.start_millis = 1;
    done(std::vector{std::move(job)});
  }
  void cancel(JobId /*job*/, Callback<std::monostate> done) override { done(std::monostate()); }
  void savepoint(runtime::SavepointRequest /*request*/,
                 SavepointProgressSink progress,
                 Callback<runtime::SavepointResult> done) override {
    progress({CheckpointId(1), 1, 2, 10});
    done(runtime::SavepointResult{"file:/savepoint-1", "there", CheckpointId(1), 10, {}});
  }
  void upgrade(runtime::UpgradeRequest request,
               runtime::UpgradeNoticeSink told,
               Callback<runtime::UpgradeReply> done) override {
    told({.stage = runtime::UpgradeStage::kStarts,
          .job = request.next.job,
          .job_name = "next",
          .savepoint = "file:/savepoint-1",
          .failure = {}});
    runtime::UpgradeReply reply;
    reply.job = request.next.job;
    reply.savepoint = "file:/savepoint-1";
    done(reply);
  }
  void dispose(runtime::DisposeRequest /*request*/, Callback<runtime::DisposeReply> done) override {
    done(runtime::DisposeReply{{}, true});
  }
  void checkpoints(JobId job,
                   std::optional<CheckpointId> which,
                   Callback<std::vector<runtime::CheckpointReport>> done) override {
    if (job != known_job) {
      done(Error(ErrorCode::kNotFound, "there is no job " + job.hex()));
      return;
    }
    runtime::CheckpointReport report;
    report.id = which.value_or(CheckpointId(7));
    report.verdict = which ? "one" : "all";
    done(std::vector{report});
  }
  void listSavepoints(Callback<std::vector<runtime::SavepointInfo>> done) override {
    done(std::vector<runtime::SavepointInfo>());
  }
  void registerTaskManager(runtime::Registration registration,
                           runtime::Holdings its_holdings,
                           std::shared_ptr<TaskManagerGateway> gateway,
                           Callback<std::monostate> done) override {
    if (registration.protocol_version != runtime::Registration::kProtocolVersion) {
      done(Error(ErrorCode::kFailedPrecondition, "another protocol"));
      return;
    }
    gateway->send(runtime::CancelOrder{});  // Before the answer: must come after it on the wire.
    done(std::monostate());
    const std::lock_guard lock(mutex);
    holdings = std::move(its_holdings);
    task_managers[registration.id] = std::move(gateway);
    changed.notify_all();
  }
  void told(TaskManagerId /*from*/,
            const TaskManagerGateway* /*gateway*/,
            runtime::ExecutionId execution) override {
    const std::lock_guard lock(mutex);
    told_of.push_back(execution);
    changed.notify_all();
  }
  void report(TaskManagerId /*from*/,
              const TaskManagerGateway* /*gateway*/,
              runtime::TaskManagerReport report) override {
    const std::lock_guard lock(mutex);
    reports.push_back(std::move(report));
    changed.notify_all();
  }
  void taskManagerLost(TaskManagerId id,
                       const TaskManagerGateway* /*gateway*/,
                       std::string reason) override {
    const std::lock_guard lock(mutex);
    ++losses[id];
    loss_reason = std::move(reason);
    changed.notify_all();
  }
  std::shared_ptr<const ClusterView> view() override { return std::make_shared<ClusterView>(); }

  /// Waits until `condition` holds, with the lock held.
  template <typename Condition>
  bool waitFor(Condition condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(10), condition);
  }

  JobId known_job{Bytes16{1}};
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<JobEventSink> followers;
  std::map<TaskManagerId, std::shared_ptr<TaskManagerGateway>> task_managers;
  runtime::Holdings holdings;
  std::vector<runtime::ExecutionId> told_of;
  std::vector<runtime::TaskManagerReport> reports;
  std::map<TaskManagerId, int> losses;
  std::string loss_reason;
};

}  // namespace weir::jobmanager::testing
